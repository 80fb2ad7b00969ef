import { describe, expect, it, test } from 'vitest';
import type { Answer } from '../../src/engine/types.ts';
import { claimsAsk, doctorAsks, podsAsk } from '../../src/health/asks.ts';
import { workloadsOf } from '../../src/health/cluster.ts';
import { machineSeen, nodesSeen, objectsSeen } from '../../src/health/machines.ts';
import { silences } from '../../src/health/silence.ts';
import { at, worldOf } from '../resources/world.ts';

const asks = doctorAsks(['rig1']);
const worldWith = (answerOf: (key: string) => Answer) =>
  worldOf({ answers: new Map(asks.map((ask) => [at(ask.on, ask.key), answerOf(ask.key)])) });
const bytes = (text: string, status = 0): Answer => ({ kind: 'bytes', text, status, cut: false });

describe('a question without an answer', () => {
  it('is a finding for each that took too long', () => {
    const world = worldWith((key) => (key === 'doctor journal' ? { kind: 'timeout' } : bytes('')));
    const [one, ...others] = silences(world, asks, []);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ entry: 'not-seen', objects: ['journal'], machines: ['rig1'] });
  });

  it('is one finding when the API refuses all of them', () => {
    const found = silences(
      worldWith(() => bytes('', 1)),
      asks,
      [],
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.problem.seen).toContain('nodes, pods, logs');
  });

  it('is a finding when the answer was cut, or says nothing that can be read', () => {
    const cut = worldWith((key) =>
      key === podsAsk.key ? { kind: 'bytes', text: '1', status: 0, cut: true } : bytes(''),
    );
    expect(silences(cut, asks, []).map((it) => it.problem.seen)).toEqual(['the answer is too long to be read']);
    const unread = silences(
      worldWith(() => bytes('x')),
      asks,
      [claimsAsk],
    );
    expect(unread.map((it) => it.problem.where)).toEqual(['the cluster: claims']);
  });

  it('is none when there is nobody to ask', () => {
    expect(
      silences(
        worldWith(() => ({ kind: 'absent' })),
        asks,
        [],
      ),
    ).toEqual([]);
  });
});

test.each([
  '',
  'x',
  '{}',
  '[]',
  'null',
  '{"items":[null]}',
  '{"items":[{"metadata":{}}]}',
  '1\na\tb\tc',
  '----\n----\n{}',
])('what machines say without sense (%j) ends no run and counts for nothing', (text) => {
  const world = worldWith(() => bytes(text));
  const { pods, claims } = workloadsOf(world);
  expect(claims).toBeUndefined();
  expect([pods ?? [], nodesSeen(world).names ?? []]).toEqual([[], []]);
  expect(objectsSeen(world, pods ?? []).filter((it) => it.open)).toEqual([]);
  expect(() => machineSeen(world, 'rig1', true)).not.toThrow();
});
