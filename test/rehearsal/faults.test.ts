import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { parseFaults } from '../../src/rehearsal/faults.ts';
import { model } from '../../src/rehearsal/model/index.ts';
import { steps } from '../../src/steps/index.ts';
import { HostError, type Hosts } from '../../src/transport/host.ts';
import { runOn, TestSite, toyFile } from './toy.ts';

const SAMPLE = new URL('../../templates/samples/home-lab.yaml', import.meta.url).pathname;
const site = new TestSite();
const file = toyFile([
  { name: 'rig1', address: '10.0.0.1' },
  { name: 'rig2', address: '10.0.0.2' },
]);
let hosts: Hosts | undefined;

beforeAll(() => site.start());
afterEach(() => hosts?.close());
afterAll(() => site.end());

async function open(...faults: string[]): Promise<Hosts> {
  hosts = await site.open(file, { faults });
  return hosts;
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it worked'),
    (e: unknown) => e,
  );
  return error instanceof HostError ? error.kind : String(error);
}

describe('faults are read', () => {
  test('with their time', () => {
    const parsed = parseFaults(['a:gone', 'b:drop@exec2', 'b:freeze@byte9000', 'b:power@1.5', 'a:toy:5'], ['a', 'b'], {
      toy: 'any',
    });
    expect([...parsed]).toEqual([
      ['a', { machine: [{ what: 'gone' }], model: ['toy:5'] }],
      [
        'b',
        {
          machine: [
            { what: 'drop', atExec: 2 },
            { what: 'freeze', atByte: 9000 },
            { what: 'power', atS: 1.5 },
          ],
          model: [],
        },
      ],
    ]);
  });

  test.each([
    ['rig1', 'is not a fault'],
    ['rig1:gone@later', 'is not a fault'],
    ['rig1:drop@exec0', 'is not a fault'],
    ['rig1:drop@byte0', 'is not a fault'],
    ['rig9:gone', 'there is no machine "rig9"'],
    ['rig1:burn', '"burn" is no known fault'],
    ['rig1:constructor', '"constructor" is no known fault'],
    ['rig1:gone:5', 'gone has no value'],
  ])('%s is refused', (text, seen) => {
    expect(() => parseFaults([text], ['rig1'], {})).toThrow(seen);
  });

  const parse = (text: string) => parseFaults([text], ['rig1'], model.faults).get('rig1')?.model;

  test.each([
    'aptlock:60',
    'unseeded:1.5',
    'nodns',
    'helmfails',
    'helmfails:kube-prom-stack',
    'imagepull:redis',
    'imagepull:dex',
    'claimpending:nfs-csi',
    'otherkey:docker',
    'alertfails:ntfy',
    'diskused:xfs',
    'podfails:try',
  ])('with a value that does something: %s', (fault) => {
    expect(parse(`rig1:${fault}`)).toEqual([fault]);
  });

  test.each([
    ['nodns:5', 'nodns has no value', 'write: rig1:nodns'],
    ['nodns@exec2', 'nodns has no moment', 'write for example: rig1:nodns'],
    ['aptlock', 'aptlock wants a number of seconds', 'write for example: rig1:aptlock:60'],
    ['unseeded:long', 'unseeded wants a number of seconds', 'write for example: rig1:unseeded:60'],
    ['helmfails:nonsense', 'helmfails knows no "nonsense"', ' opencost redis '],
    ['imagepull:kube-prometheus-stack', 'imagepull knows no "kube-prometheus-stack"', ' kube-prom-stack '],
    ['claimpending:fast', 'claimpending knows no "fast"', 'openebs-hostpath'],
    ['otherkey:me', 'otherkey knows no "me"', 'nvidia'],
    ['alertfails:pigeon', 'alertfails knows no "pigeon"', 'telegram'],
  ])('with a value that would do nothing they are refused: %s', (fault, seen, next) => {
    const problems = [expect.objectContaining({ seen, next: [expect.stringContaining(next)] })];
    expect(() => parse(`rig1:${fault}`)).toThrow(expect.objectContaining({ exitCode: 3, problems }));
  });

  test('with the name of each release that a step makes', () => {
    const file = parseCluster(readFileSync(SAMPLE), SAMPLE).file;
    const made = steps.flatMap((step) => step.resources(file)).filter(({ kind }) => kind === 'helm-release');
    const releases = made.map(({ spec }) => (spec as { release: string }).release);
    expect(releases.length).toBeGreaterThan(8);
    for (const release of releases) expect(parse(`rig1:imagepull:${release}`)).toEqual([`imagepull:${release}`]);
  });

  test('by the server, which answers as a UserError', async () => {
    await expect(open('rig1:burn')).rejects.toMatchObject({ name: 'UserError', exitCode: 3 });
  });
});

describe('a machine', () => {
  test('is gone, alone and for good', async () => {
    const { node } = await open('rig1:gone@exec2').then((h) => ({ node: h.node.bind(h) }));
    expect((await runOn(node('rig1'), 'echo here')).stdout).toBe('here\n');
    expect(await failure(runOn(node('rig1'), 'echo here'))).toMatch(/lost|unreachable/);
    expect(await failure(runOn(node('rig1'), 'echo here'))).toBe('unreachable');
    expect((await runOn(node('rig2'), 'echo here')).stdout).toBe('here\n');
  });

  test('is back when the next run does not ask for the fault', async () => {
    expect(await failure(runOn((await open('rig1:gone')).node('rig1'), ':'))).toBe('unreachable');
    await hosts?.close();
    expect((await runOn((await open()).node('rig1'), 'echo here')).stdout).toBe('here\n');
  });

  test('is dropped in the middle, while its command goes on', async () => {
    const rig = (await open('rig1:drop@exec2')).node('rig1');
    await runOn(rig, ':');
    expect(await failure(runOn(rig, 'trap "" PIPE; sleep 20; echo survived >/root/survived'))).toBe('lost');
    expect((await runOn(rig, 'sleep 40; cat /root/survived')).stdout).toBe('survived\n');
  });

  test('is dropped in the middle of a packet', async () => {
    const rig = (await open('rig1:drop@byte20000')).node('rig1');
    expect((await runOn(rig, 'echo here')).stdout).toBe('here\n');
    expect(await failure(runOn(rig, 'head -c 100000 /dev/zero'))).toBe('lost');
    expect((await runOn(rig, 'head -c 100000 /dev/zero | wc -c')).stdout).toBe('100000\n');
    expect(site.server?.world.state.rigs.rig1?.counts.bytes).toBeGreaterThan(20000);
  });

  test('shows another key', async () => {
    expect(await failure(runOn((await open('rig1:badkey')).node('rig1'), ':'))).toBe('host-key');
  });

  test('refuses sudo', async () => {
    expect(await failure(runOn((await open('rig1:nosudo')).node('rig1'), ':'))).toBe('sudo');
  });

  test('is slow, but works', async () => {
    const start = performance.now();
    expect((await runOn((await open('rig1:slow')).node('rig1'), 'echo here')).stdout).toBe('here\n');
    expect(performance.now() - start).toBeGreaterThan(300);
  });

  test('freezes without a word', async () => {
    const rig = (await open('rig1:freeze@exec1')).node('rig1');
    const stop = AbortSignal.timeout(1500);
    const work = rig.exec('sleep 10; echo never', { deadlineS: 60, signal: stop });
    expect(await failure(work)).toMatch(/TimeoutError/);
  });

  test('loses its power and comes back with a new boot id', async () => {
    const first = (await open('rig1:power@exec2')).node('rig1');
    const read = 'cat /proc/sys/kernel/random/boot_id; [ -e /run/mark ] || echo fresh';
    const before = (await runOn(first, `${read}; touch /run/mark; echo kept >/root/mark`)).stdout;
    await failure(runOn(first, '(sleep 100; echo alive >/root/mark) & sleep 300'));
    await site.server?.world.save();
    const again = (await open()).node('rig1');
    const after = (await runOn(again, `${read}; cat /root/mark`)).stdout.split('\n');
    expect(after[1]).toBe('fresh');
    expect(after[2]).toBe('kept');
    expect(after[0]).not.toBe(before.split('\n')[0]);
    expect(site.server?.world.state.rigs.rig1?.faults).toEqual([]);
  });

  test('has the marks of the model while they are asked for', async () => {
    await open('rig1:toyfault:3');
    expect(site.server?.world.state.rigs.rig1?.faults).toEqual(['toyfault:3']);
  });
});
