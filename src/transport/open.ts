import { DEVBOX, type Machine, machinesOf } from '../config/machines.ts';
import type { Cluster, ClusterNode } from '../config/schema.ts';
import { realClock } from './clock.ts';
import type { Host, Hosts } from './host.ts';
import { installKey, type KeyInstalled, type PublicKey, publicKeys } from './install-key.ts';
import { LocalHost, WorkstationHost } from './local.ts';
import { SharedPasswords } from './passwords.ts';
import { type Prompts, turns } from './prompts.ts';
import { keyFiles, Routes } from './routes.ts';
import { SshHost } from './ssh.ts';
import { type SshConfigOptions, sshSettings } from './ssh-config.ts';

const PASSWORD_VARIABLE = 'MLK8S_SUDO_PASSWORD';

/** What connections are made with. */
export interface OpenOptions {
  /** Take keys of machines that were never seen before without a question. */
  readonly acceptNewHostKeys: boolean;
  /** The person; absent when there is no terminal. */
  readonly prompt?: Prompts;
  readonly warn: (where: string, text: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** Another ssh configuration than the user's. */
  readonly sshConfig?: SshConfigOptions;
}

/** The machines of a cluster file. Nothing is connected or asked before a host is used. */
export function openHosts(file: Cluster, options: OpenOptions): Hosts {
  const { env = process.env, prompt } = options;
  const inTurn = turns(prompt);
  // What is started here has no use for the password, and its environment is not ours alone.
  const { [PASSWORD_VARIABLE]: password, ...rest } = env;
  const routes = new Routes({ ...options, inTurn, env: rest });
  const passwords = new SharedPasswords(inTurn, password || undefined);
  // The defaults of `ssh:` are those of the members.
  const sshOf = ({ name, ssh }: Machine) => (name === DEVBOX ? ssh : { ...file.ssh, ...ssh });
  // Nobody gave the devbox its name: what ~/.ssh/config has under it is another machine.
  const known = ({ name, address }: Machine) => (name === DEVBOX ? address : name);
  const make = (machine: Machine): Host =>
    machine.local
      ? new LocalHost({ name: machine.name, clock: realClock, env: rest, passwords })
      : new SshHost({ ...routes.to(machine.name, machine.address, sshOf(machine), known(machine)), passwords });
  const machines = new Map(machinesOf(file).map((machine) => [machine.name, make(machine)]));
  const workstation = new WorkstationHost({ name: 'workstation', clock: realClock, env: rest });
  return {
    workstation,
    node: (name) => {
      const host = machines.get(name);
      if (!host) throw new Error(`no machine ${name} in the cluster file`);
      return host;
    },
    close: async () => {
      await Promise.all([workstation, ...machines.values()].map((host) => host.close()));
      await routes.close();
    },
  };
}

/** Public halves of the keys that a login on that machine tries, best first. */
export async function publicKeysFor(file: Cluster, node: ClusterNode): Promise<PublicKey[]> {
  const settings = await sshSettings(node.name, node.address);
  const { named, usual } = keyFiles({ ...file.ssh, ...node.ssh }, settings);
  return publicKeys([...named, ...usual]);
}

/** Puts the user's public key on a machine of the file that so far takes a password only. Throws HostError. */
export async function installUserKey(
  file: Cluster,
  node: ClusterNode,
  login: { readonly password: string; readonly publicKey: string },
  options: OpenOptions,
): Promise<KeyInstalled> {
  const routes = new Routes({ ...options, inTurn: turns(options.prompt), env: options.env ?? process.env });
  try {
    return await installKey({ ...routes.to(node.name, node.address, { ...file.ssh, ...node.ssh }), ...login });
  } finally {
    await routes.close();
  }
}
