import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import { jobChange } from '../../../src/engine/apply.ts';
import { listWorkstationRecords } from '../../../src/engine/inventory.ts';
import { jobId } from '../../../src/engine/jobs.ts';
import type { Answer, Ask, Declared, World } from '../../../src/engine/types.ts';
import { kinds } from '../../../src/resources/index.ts';
import { membershipAsk } from '../../../src/resources/membership.ts';
import { closeJob, directFrame, followFrame, type Job, startFrame } from '../../../src/shell/job.ts';
import { frame } from '../../../src/shell/launcher.ts';
import { lockFrame } from '../../../src/shell/lock.ts';
import { type FramedAsk, observeFrame, parseAnswers } from '../../../src/shell/observe.ts';
import { steps } from '../../../src/steps/index.ts';
import { checks } from '../../../src/steps/preflight/index.ts';
import { at, cluster, node, worldOf } from '../../resources/world.ts';
import { CANARY, hostileWord, runs } from '../hostile.ts';
import { Box } from './box.ts';

const box = new Box();
beforeAll(() => box.start());
afterAll(() => box.stop());

/** All that a devbox may be asked for. */
const devbox = (word: () => string): NonNullable<Cluster['devbox']> => ({
  ...{ host: 'workstation', user: word(), docker: { group: true }, vscode: { extensions: [word()] } },
  git: { name: word(), email: word() },
  ...{ kubectl: true, helm: true, k9s: true, headlamp: true, gh: true, gitLfs: true, dbeaver: true },
  ...{ miniforge: true, uv: true, terminalTitle: true, xrdp: true },
});

/** What the loader would refuse, as if it had not: every text of the file is somebody's who means ill. */
const file: fc.Arbitrary<Cluster> = fc.gen().map((gen) => {
  // Names tell machines apart: they end in a number.
  const word = (end = ''): string => `${gen(() => hostileWord)}${end}`;
  const machine = (i: number, role: 'control-plane' | 'worker') =>
    node(word(`${i}`), {
      role,
      address: word(`${i}`),
      labels: { [word('a')]: word(), [word('b')]: word() },
      taints: [{ key: word(), value: word(), effect: 'NoSchedule' }],
    });
  return cluster([machine(1, 'control-plane'), machine(2, 'control-plane'), machine(3, 'worker')], {
    name: word(),
    microk8s: { channel: word() },
    node: { dataDir: `/data/${word().replaceAll('..', '')}`, timeSync: true, sleep: 'prevent' },
    // In every other file: its scripts are as many as those of a machine.
    ...(gen(fc.boolean) ? { devbox: devbox(word) } : {}),
  });
});

const asksOf = (it: Declared): readonly Ask[] => kinds[it.kind]?.asks(it) ?? [];

/** Sends a script the way that it is sent to a machine, with the launcher's frame around it. */
async function run(script: string): Promise<Buffer> {
  const { stdout, stderr } = await box.bash(frame(script, { rights: 'root', talks: false }));
  expect(stderr).not.toMatch(/syntax error|unexpected EOF|command not found/);
  return stdout.subarray(stdout.indexOf(10) + 1);
}

async function observe(asks: readonly Ask[]): Promise<Map<string, Answer>> {
  const framed = asks.map(
    (ask): FramedAsk => ({ key: ask.key, sh: ask.sh, seconds: 20, cluster: ask.on === 'cluster' }),
  );
  const answers = parseAnswers(await run(observeFrame(framed)), framed);
  return new Map(asks.map((ask, i) => [at(ask.on, ask.key), answers[i] as Answer]));
}

/** All changes that are due in `world`, as one job. */
function jobOf(resources: readonly Declared[], world: World): Job {
  const changes = resources.flatMap((it) => {
    const verdict = (kinds[it.kind] as (typeof kinds)[string]).judge(it, world);
    if (verdict.verdict !== 'change') return [];
    const change = { it, verdict, stands: false, ready: true, waitsFor: [], blockedBy: [] };
    const moves = verdict.moves.filter((move) => 'run' in move).map((move) => ({ ...move, deadlineS: 20 }));
    const around = { cluster: world.file.name, record: 'write', known: undefined, needs: [] } as const;
    return [jobChange(change, around, moves, { first: true, last: true, needs: [] })];
  });
  return { id: jobId(new Date()), changes, inputs: { token: world.file.name } };
}

/** Worlds in which there is much to do: nothing is there; and a cluster without the third machine and without labels. */
function worlds(file: Cluster, answers: ReadonlyMap<string, Answer>): World[] {
  const [first] = file.nodes;
  const items = file.nodes.map(({ name, address }) => ({
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }));
  const given = (text: string): Answer => ({ kind: 'bytes', text, status: 0, cut: false });
  const there = new Map([
    ...answers,
    [at('cluster', 'nodes'), given(JSON.stringify({ items: items.slice(0, 2) }))],
    [at('cluster', 'dqlite members'), given('- Address: 10.0.0.1:19001\n')],
    [at('cluster', 'coredns'), given('')],
  ]);
  return [
    { ...worldOf({ file, answers }), founder: first?.name },
    { ...worldOf({ file, answers: there }), lead: first?.name, identity: file.name },
    { ...worldOf({ file, answers: there }), lead: first?.name, identity: file.name, mayWipe: () => true },
  ];
}

describe('every script that is made from a cluster file', () => {
  it('has what stands in the file as data, and runs nothing of it', { timeout: 1_800_000 }, async () => {
    let scripts = 0;
    let values = 0;
    await fc.assert(
      fc.asyncProperty(file, async (file) => {
        const resources = steps.flatMap((step) => step.resources(file));
        const asks = [
          ...resources.flatMap(asksOf),
          ...checks.flatMap((check) => file.nodes.flatMap((it) => check.asks(file, it.name))),
          ...file.nodes.map((it) => membershipAsk(it.name)),
          { key: 'mine', on: 'workstation' as const, sh: listWorkstationRecords(file.name), timeoutS: 10 },
        ];
        const answers = await observe(asks);
        const jobs = worlds(file, answers).map((world) => jobOf(resources, world));
        const holder = { run: file.name, who: file.name, from: file.name, since: file.name, why: file.name };
        await run(`${lockFrame(holder, 1)}`);
        for (const job of jobs) {
          await run(startFrame(job));
          await run(directFrame(job));
        }
        await run(`${followFrame(file.name, 0)}\n${closeJob(file.name).bash}`);
        scripts += asks.length + 2 * jobs.flatMap((job) => job.changes).flatMap((it) => it.moves).length + 3;
        // Data may well be the name of a folder; a command of these texts leaves its trace in the root.
        const found = await box.bash(`find / -maxdepth 1 -name '${CANARY}*'`);
        expect(found.stdout.toString()).toBe('');
        const words = new Set(box.calls().flat());
        const wanted = file.nodes.flatMap((it) => Object.entries(it.labels).map(([key, value]) => `${key}=${value}`));
        for (const word of wanted) expect(words).toContain(Buffer.from(word).toString());
        values += wanted.length;
      }),
      { numRuns: runs(2, 15), endOnFailure: true },
    );
    console.log(`${scripts} scripts were run; ${values} labels arrived whole as one argument`);
  });
});
