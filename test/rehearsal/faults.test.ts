import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseFaults } from '../../src/rehearsal/faults.ts';
import { HostError, type Hosts } from '../../src/transport/host.ts';
import { runOn, TestSite, toyFile } from './toy.ts';

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
    const parsed = parseFaults(
      ['a:gone', 'b:drop@exec2', 'b:freeze@byte9000', 'b:power@1.5', 'a:toy:5'],
      ['a', 'b'],
      ['toy'],
    );
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
    ['rig1:gone:5', '"gone" is no known fault'],
  ])('%s is refused', (text, seen) => {
    expect(() => parseFaults([text], ['rig1'], [])).toThrow(seen);
  });

  test('with a value, where only some are allowed', () => {
    const parse = (text: string) => parseFaults([text], ['rig1'], ['toy'], { toy: ['car', 'kite'] }).get('rig1')?.model;
    expect([parse('rig1:toy'), parse('rig1:toy:kite')]).toEqual([['toy'], ['toy:kite']]);
    expect(() => parse('rig1:toy:doll')).toThrow('toy knows no "doll"');
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
