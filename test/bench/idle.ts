import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Loaded, loadCluster } from '../../src/config/load.ts';
import { Lab } from '../lab/lab.ts';
import { Line } from '../lab/line.ts';
import type { LabMachine } from '../lab/machine.ts';
import { USER } from '../lab/places.ts';
import { ansibleCommand, installPython } from './ansible.ts';
import type { Figure } from './figures.ts';
import { floorCommand, type SshWay } from './floor.ts';
import { inFolder, inTurn, MLK8S, median, mustRun, type Surroundings } from './measure.ts';

const SIZES = [3, 10] as const;
const LINE_PORT = 2222;
/** Each way: a round trip takes 20 ms. */
const DELAY_MS = 10;

/** (a) and (b): `up` with nothing to do on machines of the lab, beside plain ssh and beside Ansible. */
export async function idle(runs: number, wanted: ReadonlySet<string>, say: (text: string) => void): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const lab = await Lab.up(SIZES[0], {}, { say });
    const lines: Line[] = [];
    try {
      const figures: Figure[] = [];
      let known = 0;
      for (const size of SIZES) {
        while (lab.machines.length < size) await lab.add();
        const fresh = lab.machines.slice(known);
        known = size;
        await installPython(join(folder, `python${size}`), fresh);
        lines.push(...(await Promise.all(fresh.map((machine) => Line.to(machine, DELAY_MS, LINE_PORT)))));
        const { ms } = await mustRun([process.execPath, MLK8S, 'up', '--yes'], work(folder, lab, 22));
        say(`first up of ${size} lab machines: ${(ms / 1000).toFixed(1)} s`);
        const part = async (letter: string, what: string, port: number) => {
          if (wanted.has(letter)) figures.push(...(await compare(letter, what, await stand(folder, lab, port), runs)));
        };
        await part('a', `${size} machines`, 22);
        await part('b', `${size} machines, 20 ms away`, LINE_PORT);
      }
      return figures;
    } finally {
      for (const line of lines) line.close();
      await lab.down();
    }
  });
}

/** All that is measured, set up for one way to the machines. */
interface Stand {
  readonly around: Surroundings;
  readonly up: readonly string[];
  readonly floor: readonly string[];
  readonly ansible: ReturnType<typeof ansibleCommand>;
  readonly machines: readonly LabMachine[];
}

/** A folder with the cluster file of all machines as they are reached by `port`. */
function work(folder: string, lab: Lab, port: number): Required<Pick<Surroundings, 'cwd' | 'env'>> {
  const cwd = join(folder, `work${port}`);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'mlk8s.yaml'), lab.clusterFile(3).replaceAll('ssh: { ', `ssh: { port: ${port}, `));
  return { cwd, env: { HOME: folder, XDG_STATE_HOME: join(folder, 'state') } };
}

async function stand(folder: string, lab: Lab, port: number): Promise<Stand> {
  const around = work(folder, lab, port);
  const { cwd } = around;
  const knownHosts = join(cwd, 'known_hosts');
  const known = lab.machines.map(
    ({ address, hostKey }) => `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}\n`,
  );
  writeFileSync(knownHosts, known.join(''));
  const ways = new Map<string, SshWay>(
    lab.machines.map(({ name, address }) => [name, { user: USER, address, port, key: lab.key, knownHosts }]),
  );
  const cluster: Loaded = await loadCluster(join(cwd, 'mlk8s.yaml'));
  return {
    around,
    up: [process.execPath, MLK8S, 'up', '--yes', '--json'],
    floor: await floorCommand(cwd, cluster, ways),
    ansible: ansibleCommand(join(cwd, 'ansible'), cluster, ways, (path) => lab.machines[0]?.files.read(path) ?? ''),
    machines: lab.machines,
  };
}

async function compare(part: string, what: string, it: Stand, runs: number): Promise<Figure[]> {
  let played = false;
  const all = await inTurn(runs, {
    up: async () => {
      const { stdout, ms } = await mustRun(it.up, it.around);
      const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { changes: number };
      if (summary.changes > 0) throw new Error(`${what}: the second up was not idle:\n${stdout}`);
      return ms;
    },
    floor: async () => (await mustRun(it.floor, it.around)).ms,
    ansible: async () => {
      const { argv, env } = it.ansible;
      const { stdout, ms } = await mustRun(argv, { ...it.around, env: { ...it.around.env, ...env } });
      // The first time it words some things differently than mlk8s; after that it must find them as they should be.
      if (played && /changed=[1-9]/.test(stdout)) throw new Error(stdout.slice(-3000));
      played = true;
      return ms;
    },
  });
  const [up, floor, ansible] = [median(all.up), median(all.floor), median(all.ansible)];
  const atTen = it.machines.length === 10 && part === 'a';
  const isTarget = part === 'a';
  return [
    { part, what: `second up, ${what}`, value: up, unit: 'ms', runs: all.up },
    { part, what: '  the same script by plain ssh', value: floor, unit: 'ms', runs: all.floor },
    { part, what: '  Ansible, the same checks', value: ansible, unit: 'ms', runs: all.ansible },
    { part, what: '  up over plain ssh', value: up - floor, unit: 'ms', ...(isTarget && { target: { most: 250 } }) },
    { part, what: '  Ansible against up', value: ansible / up, unit: 'times', ...(atTen && { target: { least: 20 } }) },
  ];
}
