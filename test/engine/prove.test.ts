import { describe, expect, it } from 'vitest';
import { isProof } from '../../src/engine/prove.ts';

const led = { lead: 'rig1', founder: undefined };
const founded = { lead: undefined, founder: 'rig1' };
const nobody = { lead: undefined, founder: undefined };

describe('the last look of a run', () => {
  it.each([
    ['proves, with all machines there', 0, 0, led, true],
    ['proves, before there is a cluster', 0, 0, founded, true],
    ['proves of the others, when a machine had dropped out before', 1, 1, led, true],
    ['proves nothing when a machine falls silent in it', 0, 1, led, false],
    ['proves nothing when machines are gone and nobody speaks for the cluster', 1, 1, nobody, false],
    ['is no excuse when nobody speaks for the cluster though all machines answer', 0, 0, nobody, true],
  ])('%s', (_title, before, after, who, expected) => {
    expect(isProof(before, after, who)).toBe(expected);
  });
});
