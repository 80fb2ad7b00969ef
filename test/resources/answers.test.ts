import { expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { judged } from '../../src/resources/answers.ts';
import { sh } from '../../src/shell/script.ts';
import { worldOf } from './world.ts';

const one: Declared = { kind: 'x', id: 'a/b@cluster', on: 'cluster', needs: [], spec: {} };
const ask = { key: 'objects', on: 'cluster', sh: sh`true`, timeoutS: 5 } as const;

it('waits for the cluster to be asked when it is there and was not, instead of refusing for the whole run', () => {
  const judge = (identity?: string) =>
    judged(one, { ...worldOf({}), identity }, [ask], () => ({ verdict: 'ok', because: 'asked' }));
  expect(judge('X')).toMatchObject({ verdict: 'settling', because: 'the cluster was not asked yet' });
  expect(judge()).toMatchObject({ verdict: 'refused', problem: { why: 'there is no cluster yet' } });
});
