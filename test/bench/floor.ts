import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Loaded } from '../../src/config/load.ts';
import { plan } from '../../src/engine/index.ts';
import { frame, remoteLauncher } from '../../src/shell/launcher.ts';
import { steps } from '../../src/steps/index.ts';
import { realClock } from '../../src/transport/clock.ts';
import { type Host, HostError, type Hosts } from '../../src/transport/host.ts';

/** How plain ssh gets to a machine of the lab. */
export interface SshWay {
  readonly user: string;
  readonly address: string;
  readonly port: number;
  readonly key: string;
  readonly knownHosts: string;
}

/** Options of plain ssh for a way. */
export function sshOptions({ port, key, knownHosts }: SshWay): string[] {
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${knownHosts}`];
  return ['-F', 'none', '-p', String(port), '-i', key, ...options.flatMap((option) => ['-o', option])];
}

/**
 * What nobody can be faster than who asks by SSH: the very scripts that `up` sends to each machine, sent by plain ssh
 * from one shell, all at once. Returns the command. It fails when one of them fails.
 */
export async function floorCommand(
  folder: string,
  cluster: Loaded,
  ways: ReadonlyMap<string, SshWay>,
): Promise<string[]> {
  const words = [...(await scripts(cluster))].map(([name, script], i) => {
    const way = ways.get(name);
    if (!way) throw new Error(`no way to ${name}`);
    const file = join(folder, `${name}.${way.port}.sh`);
    // The first line is for a password; there is none.
    writeFileSync(file, `\n${frame(script, { rights: 'root', talks: false })}`);
    const ssh = ['ssh', ...sshOptions(way), `${way.user}@${way.address}`, '"$launcher"'].join(' ');
    return `${ssh} <${file} >${file}.out & pids[${i}]=$!`;
  });
  const text = `launcher=$1\n${words.join('\n')}\nfor pid in "\${pids[@]}"; do wait "$pid" || exit 1; done\n`;
  return ['bash', '-c', text, 'floor', remoteLauncher('root')];
}

/** The script that an `up` with nothing to do sends to each machine: the engine makes it for hosts that only note it. */
async function scripts({ file }: Loaded): Promise<Map<string, string>> {
  const sent = new Map<string, string>();
  const host = (name: string): Host => ({
    name,
    clock: realClock,
    execs: 0,
    exec: async (script) => {
      sent.set(name, script);
      throw new HostError('unreachable', { where: name, seen: 'it only notes what it is asked', next: [] });
    },
    open: () => Promise.reject(new Error('nobody talks to it')),
    connect: () => Promise.reject(new Error('nobody reaches anything by it')),
    close: async () => {},
  });
  const workstation = { ...host('workstation'), exec: async () => ({ stdout: Buffer.alloc(0), stderr: '', code: 0 }) };
  const hosts: Hosts = { node: host, workstation, close: async () => {} };
  const whole = { only: [], skip: [], limitHosts: [], parallel: file.nodes.length };
  await plan({ command: 'plan', file, hosts, steps, listener: () => {}, ...whole });
  return sent;
}
