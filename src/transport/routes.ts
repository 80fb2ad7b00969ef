import { join } from 'node:path';
import type { Cluster } from '../config/schema.ts';
import { stateDir } from '../paths.ts';
import { realClock } from './clock.ts';
import { HostError } from './host.ts';
import { type HostKeyVerifier, pinned } from './host-keys.ts';
import { KeyRing, type KeySources } from './keys.ts';
import { knownHostKeys } from './known-host-keys.ts';
import { knownName } from './known-hosts.ts';
import { me } from './me.ts';
import type { InTurn } from './prompts.ts';
import { Connection, type ConnectionOptions } from './ssh.ts';
import { parseJump, type SshConfigOptions, type SshSettings, sshSettings, usualIdentityFiles } from './ssh-config.ts';
import type { SshTarget } from './ssh-connect.ts';

/** A jump host that needs a jump host that needs … : a loop in the configuration. */
const MOST_JUMPS = 8;

type FileSettings = Cluster['ssh'];

/** What the way to every machine of a run has in common. */
export interface RoutesOptions {
  readonly acceptNewHostKeys: boolean;
  readonly warn: (where: string, text: string) => void;
  readonly inTurn: InTurn;
  readonly env: NodeJS.ProcessEnv;
  readonly sshConfig?: SshConfigOptions;
}

interface Stop {
  /** For people. */
  readonly label: string;
  /** What ~/.ssh/config may know it by. */
  readonly name: string;
  readonly address: string;
  /** What wins over ~/.ssh/config. */
  readonly own: FileSettings;
  /** Jump hosts instead of the configured ones. */
  readonly via?: readonly string[];
  /** The jump hosts that were already needed to get here, last first. */
  readonly behind: readonly string[];
}

/** Works out how the machines are reached: address, login, keys, jump hosts, and who vouches for the host key. */
export class Routes {
  readonly #o: RoutesOptions;
  readonly #keys: KeyRing;
  /** By the way that leads there. Ten machines behind one jump host share its connection. */
  readonly #jumps = new Map<string, Connection>();

  constructor(options: RoutesOptions) {
    this.#o = options;
    this.#keys = new KeyRing(options.inTurn, options.warn);
  }

  /**
   * How a machine of the cluster file is connected to. Nothing is looked up before the first connect. `name`: what
   * ~/.ssh/config may know it by.
   */
  to(label: string, address: string, own: FileSettings, name = label): ConnectionOptions {
    return this.#route({ label, name, address, own, behind: [] });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jumps.values()].map((jump) => jump.close()));
  }

  #route(stop: Stop): ConnectionOptions {
    let found: Promise<SshSettings> | undefined;
    const settings = () => {
      found ??= this.#settings(stop);
      return found;
    };
    const hostKeys = async () => this.#hostKeys(stop, await settings());
    return {
      name: stop.label,
      clock: realClock,
      target: async () => this.#target(stop, await settings()),
      hostKeys: {
        algorithms: async () => (await hostKeys()).algorithms(),
        verify: async (key) => (await hostKeys()).verify(key),
      },
    };
  }

  async #settings({ name, address, own }: Stop): Promise<SshSettings> {
    const found = await sshSettings(name, address, { env: this.#o.env, ...this.#o.sshConfig });
    return { ...found, user: own.user ?? found.user, port: own.port ?? found.port };
  }

  #target(stop: Stop, settings: SshSettings): SshTarget {
    const { host, port, user } = settings;
    const jumps = stop.via ?? (stop.own.jump === undefined ? settings.jumps : [stop.own.jump]);
    if (settings.proxyCommand !== undefined && jumps.length === 0) {
      this.#o.warn(stop.label, 'ProxyCommand of ~/.ssh/config is not used; write it as ProxyJump');
    }
    const jump = this.#jump(jumps, stop);
    return {
      ...{ host, port, user },
      credentials: () => this.#credentials(stop, settings),
      ...(jump && { sock: async () => (await jump.link()).forward(host, port) }),
    };
  }

  #credentials({ own }: Stop, settings: SshSettings) {
    return this.#keys.credentials({
      ...keyFiles(own, settings),
      agent: settings.agent,
      onlyFiles: settings.identitiesOnly,
    });
  }

  #hostKeys({ label, own }: Stop, settings: SshSettings): HostKeyVerifier {
    const where = `${label} (${settings.host})`;
    if (own.hostKey !== undefined) return pinned(where, own.hostKey);
    return knownHostKeys({
      where,
      name: settings.hostKeyAlias ?? knownName(settings.host, settings.port),
      files: settings.knownHosts,
      own: join(stateDir(this.#o.env), 'known_hosts'),
      acceptNew: this.#o.acceptNewHostKeys,
      inTurn: this.#o.inTurn,
    });
  }

  /** The last of a row of jump hosts, each reached through the one before. */
  #jump(row: readonly string[], stop: Stop): Connection | undefined {
    const last = row.at(-1);
    if (last === undefined) return undefined;
    if (stop.behind.length >= MOST_JUMPS) {
      throw new HostError('unreachable', {
        where: stop.label,
        seen: `more than ${MOST_JUMPS} jump hosts in a row, the last is ${last}`,
        why: 'ProxyJump in ~/.ssh/config leads back to itself',
        next: [`see what ssh makes of it: ssh -G ${last}`],
      });
    }
    // With all that led here: a loop must run into the limit, not wait for itself.
    const behind = [row.join(','), ...stop.behind];
    const way = behind.join(' < ');
    const known = this.#jumps.get(way);
    if (known) return known;
    const { host, user, port } = parseJump(last);
    const own = { ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
    const before = row.slice(0, -1);
    const next = { label: `jump host ${host}`, name: host, address: host, own, behind };
    const made = new Connection(this.#route({ ...next, ...(before.length > 0 && { via: before }) }));
    this.#jumps.set(way, made);
    return made;
  }
}

/** The identity files that a login tries. */
export function keyFiles(own: FileSettings, { identityFiles }: SshSettings): Pick<KeySources, 'named' | 'usual'> {
  const file = own.identityFile?.replace(/^~(?=\/)/, me().home);
  return {
    named: [...new Set([...(file === undefined ? [] : [file]), ...identityFiles])],
    usual: identityFiles.length > 0 ? [] : usualIdentityFiles().filter((it) => it !== file),
  };
}
