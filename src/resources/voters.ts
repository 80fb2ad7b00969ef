import type { Declared, Kind, Verdict, World } from '../engine/types.ts';
import type { Placed } from './declare.ts';
import { dqliteAsk, dqliteOf } from './kube.ts';

/** The datastore has the voters that its members allow: three as soon as there are three, before that one. */
export type VotersSpec = Record<string, never>;

export function voters(at: Placed): Declared<VotersSpec> {
  return { kind: 'voters', ...at, spec: {} };
}

export const votersKind: Kind<VotersSpec> = { kind: 'voters', transient: true, asks: () => [dqliteAsk], judge };

/**
 * dqlite keeps three voters and gives out roles every 30 s (microk8s sheet, 2.7). Below three members it keeps a single
 * voter (app/roles.go of go-dqlite): two voters would both be needed, which is worse than one.
 */
const VOTERS = 3;
const ROLES_S = 240;

function judge(_: Declared<VotersSpec>, world: World): Verdict {
  if (world.identity === undefined) {
    return { verdict: 'later', because: 'there is no cluster yet', after: 'microk8s/cluster@cluster' };
  }
  const members = dqliteOf(world);
  if (!members)
    return { verdict: 'settling', because: 'the lead does not say who is in the datastore', deadlineS: ROLES_S };
  const wanted = members.size < VOTERS ? 1 : VOTERS;
  const count = [...members.values()].filter((role) => role === 'voter').length;
  if (count === wanted) return { verdict: 'ok', because: `${count} of ${count} voters` };
  const because = `the datastore has ${count} ${count === 1 ? 'voter' : 'voters'}, ${wanted} are expected`;
  return { verdict: 'settling', because, deadlineS: ROLES_S };
}
