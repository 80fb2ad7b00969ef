import { expect, it } from 'vitest';
import type { Declared } from '../../../src/engine/types.ts';
import { anyCardKind } from '../../../src/resources/any-card.ts';
import { cards } from '../../../src/steps/gpu/cards.ts';
import { answersTo, cluster, node, type Told, worldOf } from '../../resources/world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2')], {
  gpu: { mode: 'auto', driver: 'host', sharing: 1 },
});
const check = cards(file).find(({ kind }) => kind === 'any-card') as Declared<{ machines: string[] }>;
const judge = (...told: Told[]) =>
  anyCardKind.judge(check, worldOf({ file, answers: answersTo(anyCardKind.asks(check), told) }));

const NONE = 'end\n';
const RTX = '0000:01:00.0 0x10de 0x2204 0x030000 nvidia\nend\n';
const KEPLER = '0000:01:00.0 0x10de 0x1180 0x030000 nouveau\nend\n';
const INTEL = '0000:00:02.0 0x8086 0x3e92 0x030000 i915\nend\n';

it('names the machines that have a card', () => {
  expect(judge(NONE, RTX)).toEqual({ verdict: 'ok', because: 'NVIDIA cards: rig2' });
  // One that was seen is enough.
  expect(judge({ kind: 'timeout' }, RTX)).toEqual({ verdict: 'ok', because: 'NVIDIA cards: rig2' });
});

it.each([
  ['no card at all', NONE, NONE],
  ["cards that are not NVIDIA's, or too old", INTEL, KEPLER],
])('warns of %s', (_, first, second) => {
  expect(judge(first, second)).toMatchObject({
    verdict: 'ok',
    warning: expect.stringMatching(/^no machine of the file has an NVIDIA card.*nothing to serve; add a machine/),
  });
});

it('does not warn while a machine has not said which cards it has', () => {
  expect(judge(NONE, { kind: 'unreachable' })).toEqual({
    verdict: 'ok',
    because: 'nothing is known of the cards of rig2',
  });
});
