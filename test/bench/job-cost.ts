import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCluster } from '../../src/config/load.ts';
import { writeRecord } from '../../src/engine/inventory.ts';
import { jobId, runJob } from '../../src/engine/jobs.ts';
import type { InventoryRecord } from '../../src/engine/types.ts';
import type { JobChange } from '../../src/shell/job.ts';
import { type Script, sh } from '../../src/shell/script.ts';
import type { Host } from '../../src/transport/host.ts';
import { openHosts } from '../../src/transport/open.ts';
import { Lab } from '../lab/lab.ts';
import type { Figure } from './figures.ts';
import { inFolder, inTurn, median } from './measure.ts';

const DEADLINE_S = 60;
const COMMANDS: readonly Script[] = [
  sh`install -d -m 755 /tmp/mlk8s-bench`,
  sh`printf '%s\n' bench >/tmp/mlk8s-bench/file`,
  sh`chmod 600 /tmp/mlk8s-bench/file`,
];

/** (c) What it costs to run commands as a durable job instead of as they are, on one connection to one lab machine. */
export async function jobCost(runs: number, say: (text: string) => void): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const lab = await Lab.up(1, {}, { say });
    try {
      const path = join(folder, 'mlk8s.yaml');
      writeFileSync(path, lab.clusterFile(1));
      const { file } = await loadCluster(path);
      const hosts = openHosts(file, { acceptNewHostKeys: false, warn: say });
      try {
        return await measure(hosts.node('rig1'), file.name, 5 * runs);
      } finally {
        await hosts.close();
      }
    } finally {
      await lab.down();
    }
  });
}

async function measure(host: Host, cluster: string, runs: number): Promise<Figure[]> {
  const job = (changes: readonly JobChange[]) => () => timed(() => asJob(host, changes));
  const all = await inTurn(runs, {
    bare: () => timed(() => bare(host)),
    one: job([change(COMMANDS)]),
    recorded: job([change(COMMANDS, cluster)]),
    three: job(COMMANDS.map((command) => change([command], cluster))),
  });
  const cost = (name: 'one' | 'recorded' | 'three') => median(all[name]) - median(all.bare);
  const part = 'c';
  const unit = 'ms';
  return [
    { part, what: 'three bare commands in one exec', value: median(all.bare), unit, runs: all.bare },
    { part, what: 'as a job: over the bare commands', value: cost('one'), unit, runs: all.one, target: { most: 60 } },
    {
      part,
      what: '  with its inventory record',
      value: cost('recorded'),
      unit,
      runs: all.recorded,
      target: { most: 60 },
    },
    { part, what: '  as three changes with a record each', value: cost('three'), unit, runs: all.three },
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function bare(host: Host): Promise<void> {
  const script = `set -euo pipefail\n${COMMANDS.map((command) => command.bash).join('\n')}`;
  const { code, stderr } = await host.exec(script, { deadlineS: DEADLINE_S });
  if (code !== 0) throw new Error(`the bare commands: status ${code}: ${stderr}`);
}

async function asJob(host: Host, changes: readonly JobChange[]): Promise<void> {
  const listener = { begin: () => {}, line: () => {}, away: () => {} };
  const job = { id: jobId(new Date()), changes, inputs: {} };
  const { statuses } = await runJob(host, job, DEADLINE_S, listener, new AbortController().signal);
  if (changes.some((_, i) => statuses.get(i) !== 0)) throw new Error(`the job: ${JSON.stringify([...statuses])}`);
}

/** A change with one move: the commands. With `cluster` its record is written before and after. */
function change(commands: readonly Script[], cluster?: string): JobChange {
  const move = { run: { bash: commands.map((command) => command.bash).join('\n') }, deadlineS: DEADLINE_S };
  const record = (state: InventoryRecord['state']): Script =>
    writeRecord(
      { id: 'node/bench@rig1', kind: 'file', on: { host: 'rig1' }, spec: {}, origin: 'created', state, needs: [] },
      cluster ?? '',
    );
  const records = cluster === undefined ? {} : { pending: record('pending'), done: record('done') };
  return { moves: [move], needs: [], ...records };
}
