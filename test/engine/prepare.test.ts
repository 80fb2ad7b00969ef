import { expect, it } from 'vitest';
import type { RunOptions } from '../../src/engine/options.ts';
import { isPruned, PreparedUp } from '../../src/engine/prune.ts';
import { PreparedVerify } from '../../src/engine/verify.ts';
import { ExitCode } from '../../src/errors.ts';
import { steps } from '../../src/steps/index.ts';
import { cluster, node } from '../resources/world.ts';

const GPU = { mode: 'auto', driver: 'host', sharing: 1 } as const;

it.each([
  [['gpu'], {}, ['the file has no section gpu']],
  [['storage', 'gpu'], { gpu: GPU }, ['the file has no section storage']],
  [['gpu'], { gpu: GPU }, []],
  [['capacity', 'node', 'microk8s'], {}, []],
])('a run that is limited to %j by --only says what the file does not have, for %j', (only, sections, notes) => {
  const options = { file: cluster([node('rig1')], sections), only, skip: [], limitHosts: [], steps };
  // What is said does not need an answer of a machine.
  for (const Prepared of [PreparedUp, PreparedVerify]) {
    expect(new Prepared(options as unknown as RunOptions).notes(ExitCode.done, [])).toEqual(notes);
  }
});

it('prunes what is about a machine of the file, and proofs of others, but nothing else on a machine that was renamed', () => {
  const places = ['cluster', 'rig1'];
  const on = { host: 'rig1' };
  expect(isPruned({ id: 'devbox/uv@rig1', kind: 'release-file', on }, places)).toBe(true);
  expect(isPruned({ id: 'storage/proof@rig2', kind: 'proof', on: 'cluster' }, places)).toBe(true);
  expect(isPruned({ id: 'devbox/uv@old', kind: 'release-file', on }, places)).toBe(false);
});
