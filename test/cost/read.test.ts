import { describe, expect, it } from 'vitest';
import { costAsks, powerAsk, requestsAsk, volumesAsk } from '../../src/cost/asks.ts';
import { nodesSeen, quantity, requestsSeen, volumesSeen } from '../../src/cost/read.ts';
import type { Answer } from '../../src/engine/types.ts';
import { cardsAsk } from '../../src/gpu/cards.ts';
import { smiAsk } from '../../src/gpu/smi.ts';
import { nodesAsk } from '../../src/resources/kube.ts';
import { answerOf, at, cluster, node, type Told, worldOf } from '../resources/world.ts';

const world = (...told: [Parameters<typeof at>[0], string, Told][]) =>
  worldOf({ answers: new Map<string, Answer>(told.map(([on, key, it]) => [at(on, key), answerOf(it)])) });
const requests = (...lines: string[]) => requestsSeen(world(['cluster', requestsAsk.key, `${lines.join('\n')}\n`]));
const line = (...cells: string[]) => cells.join('\t');

it.each([
  ['4', 4],
  ['250m', 0.25],
  ['1e3', 1000],
  ['1.5', 1.5],
  ['32Gi', 32 * 1024 ** 3],
  ['31457280Ki', 30 * 1024 ** 3],
  ['129M', 129e6],
  ['100k', 1e5],
  ['50000000n', 0.05],
  ['', 0],
  ['much', 0],
  ['1Xi', 0],
])('%s is an amount of %d', (text, amount) => expect(quantity(text)).toBeCloseTo(amount, 6));

describe('what pods ask for', () => {
  it('is the sum of their containers', () => {
    const containers =
      '{"requests":{"cpu":"500m","memory":"1Gi"}} {} {"limits":{"memory":"1Gi"},"requests":{"cpu":"1"}}';
    expect(requests(line('llm', 'rig1', 'Running', '', containers, ''))).toEqual([
      { namespace: 'llm', node: 'rig1', cpu: 1.5, memory: 2, gpu: 0 },
    ]);
  });

  it('is their limit where they say no more, such as cards', () => {
    const containers = '{"limits":{"nvidia.com/gpu":"2","cpu":"4"},"requests":{"cpu":"1"}}';
    expect(requests(line('llm', 'rig1', 'Running', '', containers, ''))?.[0]).toMatchObject({ cpu: 1, gpu: 2 });
  });

  it('is that of the largest init container where that is more, and what their runtime takes besides', () => {
    const [first] =
      requests(
        line(
          ...['llm', 'rig1', 'Pending', '{"cpu":"250m","memory":"1Gi"}'],
          '{"requests":{"cpu":"1","memory":"4Gi"}}',
          '{"requests":{"cpu":"2"}} {"requests":{"cpu":"3","memory":"1Gi"}}',
        ),
      ) ?? [];
    expect(first).toMatchObject({ cpu: 3.25, memory: 5 });
  });

  it('leaves out pods that have ended or have no machine', () => {
    const container = '{"requests":{"cpu":"1"}}';
    const lines = [
      line('a', 'rig1', 'Succeeded', '', container, ''),
      line('a', 'rig1', 'Failed', '', container, ''),
      line('a', '', 'Pending', '', container, ''),
    ];
    expect(requests(...lines)).toEqual([]);
  });

  it('is not known when nobody said, or not all', () => {
    expect(requestsSeen(world())).toBeUndefined();
    expect(requestsSeen(world(['cluster', requestsAsk.key, { text: '', status: 1 }]))).toBeUndefined();
    const cut: Answer = { kind: 'bytes', text: line('a', 'rig1', 'Running', '', '', ''), status: 0, cut: true };
    expect(requestsSeen(worldOf({ answers: new Map([[at('cluster', requestsAsk.key), cut]]) }))).toBeUndefined();
  });
});

it('reads the sizes of volumes that are there', () => {
  const text = ['llm\tBound\t20Gi', 'llm\tPending\t', 'web\tBound\t512Mi', ''].join('\n');
  expect(volumesSeen(world(['cluster', volumesAsk.key, text]))).toEqual([
    { namespace: 'llm', gib: 20 },
    { namespace: 'web', gib: 0.5 },
  ]);
});

describe('machines', () => {
  const status = { capacity: { cpu: '16', memory: '65536Mi' }, allocatable: { 'nvidia.com/gpu': '2' } };
  const nodes = JSON.stringify({ items: [{ metadata: { name: 'rig1' }, status }] });
  const rig1 = { host: 'rig1' };

  it('have what the API and they themselves say', () => {
    const pci = '0000:01:00.0 0x10de 0x2204 0x030000 nvidia\n0000:00:02.0 0x8086 0x3e92 0x030000 i915\nend\n';
    const seen = nodesSeen(
      world(
        ['cluster', nodesAsk.key, nodes],
        [rig1, cardsAsk('rig1').key, pci],
        [rig1, smiAsk('rig1').key, '00000000:01:00.0, 24576, 595.71.05, 41\n'],
        [rig1, powerAsk('rig1').key, 'machine x86_64 3\nat 1\ncards\n00000000:01:00.0, 21.4\n'],
      ),
    );
    expect(seen).toEqual([
      {
        name: 'rig1',
        capacity: { cpu: 16, memory: 64, gpu: 2 },
        cards: [{ slot: '0000:01:00.0', model: 'NVIDIA 10de:2204', gib: 24 }],
        power: { machine: 'x86_64', chassis: 3, cards: new Map([['0000:01:00.0', 21.4]]) },
      },
    ]);
  });

  it('that did not answer are known by the API alone', () => {
    expect(nodesSeen(world(['cluster', nodesAsk.key, nodes]))).toEqual([
      { name: 'rig1', capacity: { cpu: 16, memory: 64, gpu: 2 } },
    ]);
  });

  it('are not known when the API says something else', () => {
    expect(nodesSeen(world(['cluster', nodesAsk.key, 'a proxy is in the way']))).toBeUndefined();
  });
});

it('asks OpenCost only where the file has it', () => {
  const file = cluster([node('rig1')]);
  const keys = (of: typeof file) => costAsks(of, ['rig1']).map(({ key }) => key);
  const cost = { opencost: true, currency: 'EUR', kilowattHour: 0.3, watts: {} } as const;
  expect(keys(file)).not.toContain('cost allocation');
  expect(keys({ ...file, cost: { ...cost, opencost: false } })).not.toContain('cost allocation');
  expect(keys({ ...file, cost })).toContain('cost allocation');
});
