import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import type { Placed } from './declare.ts';
import { dqliteAsk, dqliteOf } from './kube.ts';

/** The datastore has the voters that it should have: as many as control planes, at most three. */
export type VotersSpec = { readonly planes: readonly string[] };

/** `planes`: addresses of the control planes of the file. */
export function voters({ id, on, needs, ...spec }: Placed & VotersSpec): Declared<VotersSpec> {
  return { kind: 'voters', id, on, needs, spec };
}

export const votersKind: Kind<VotersSpec> = { kind: 'voters', transient: true, asks: () => [dqliteAsk], judge };

/** dqlite gives out roles every 30 s and keeps three voters. facts: microk8s sheet, 2.7. */
const MAX_VOTERS = 3;
const ROLES_S = 240;

function judge(it: Declared<VotersSpec>, world: World): Verdict {
  const { planes } = it.spec;
  if (world.identity === undefined)
    return { verdict: 'later', because: 'there is no cluster yet', after: 'microk8s/cluster@cluster' };
  const wanted = Math.min(planes.length, MAX_VOTERS);
  const members = dqliteOf(world);
  // A lone first member still writes its loopback address; the first join gives it the real one.
  const count = [...members.values()].filter((role) => role === 'voter').length;
  if (count === wanted) return { verdict: 'ok', because: `${count} of ${count} voters` };
  const because = `the datastore has ${count} ${count === 1 ? 'voter' : 'voters'}, ${wanted} are expected`;
  return { verdict: 'settling', because, deadlineS: ROLES_S };
}
