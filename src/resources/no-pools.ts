import * as z from 'zod';
import type { Declared, Id, Kind, Verdict, World } from '../engine/types.ts';
import { refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** mlk8s keeps no pools of Mayastor: what serves their volumes may go. A prune takes them away first. */
export type NoPoolsSpec = { readonly pools: Id };

export function noPools({ id, on, needs, ...spec }: Placed & NoPoolsSpec): Declared<NoPoolsSpec> {
  return { kind: 'no-pools', id, on, needs, spec };
}

/** By the record alone: a cluster without Mayastor is asked nothing. */
export const noPoolsKind: Kind<NoPoolsSpec> = { kind: 'no-pools', transient: true, asks: () => [], judge };

const recorded = z.object({ pools: z.array(z.object({ name: z.string(), node: z.string(), disk: z.string() })) });

function judge(it: Declared<NoPoolsSpec>, world: World): Verdict {
  const record = world.record(it.spec.pools);
  if (!record) return { verdict: 'ok', because: 'mlk8s keeps no pools of Mayastor' };
  const pools = recorded.safeParse(record.spec).data?.pools ?? [];
  const names = pools.map(({ name, node, disk }) => `${name} (${disk} of ${node})`).join(', ');
  const seen = `the file does not ask for Mayastor any more, and its pools are there: ${names}`;
  if (world.prunes) return { verdict: 'later', because: seen, after: it.spec.pools };
  return refused(
    it.id,
    seen,
    'without it nobody can mount the volumes in them',
    'to keep them, put storage.mayastor back into the cluster file',
    'mlk8s up --prune   removes the pools, if no volume is left in them, and then Mayastor',
  );
}
