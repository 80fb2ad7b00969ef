import type { Declared, Recorded, Verdict, World } from '../engine/types.ts';
import { refused } from './answers.ts';
import type { Claim } from './claims.ts';
import { titleOfClaim } from './held-data.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { CLAIM } from './manifest.ts';
import type { Instance } from './stage-instances.ts';
import type { StageObject } from './stage-sight.ts';

/**
 * Refuses to apply a stage into another namespace than the one that its data is in: an empty database would take its
 * place. `there`: what is there of it. Undefined: no data is elsewhere, or it is given up with its namespace.
 */
export function otherPlace(
  { id, spec: { title, overlay } }: Declared<KustomizeStageSpec>,
  there: readonly StageObject[],
  world: World,
): Verdict | undefined {
  const claim = there.find(({ kind, namespace }) => kind === CLAIM && namespace !== overlay.namespace);
  if (overlay.namespace === undefined || !claim) return undefined;
  const { namespace, name } = claim;
  if (world.mayDelete(namespace)) return undefined;
  return refused(
    id,
    `${title} keeps its data in the claim ${namespace}/${name}, and is to come into the namespace ${overlay.namespace}`,
    'it lives with the first user of the file, and now another one is the first: an empty database would take its place',
    `to keep it, put the user of the namespace ${namespace} first again in kubeflow.users`,
    `or copy the data elsewhere, remove the pods that use the claim, with what makes them, and then the claim: microk8s kubectl -n ${namespace} delete persistentvolumeclaim ${name}`,
  );
}

/** A Profile takes its namespace with it, which has the same name. facts: ml-platform sheet, 1.10 */
const PROFILE = 'profile.kubeflow.org';

/** Refuses to take the Profiles away with their type while one that nobody gave up has claims. Undefined: none has. */
export function heldByProfile(
  { id, spec: { title } }: Recorded<KustomizeStageSpec>,
  instances: readonly Instance[],
  claims: readonly Claim[],
  world: World,
): Verdict | undefined {
  const names = instances
    .filter(({ type, name }) => type === PROFILE && !world.mayDelete(name))
    .map(({ name }) => name);
  const held = claims.filter(({ namespace }) => names.includes(namespace));
  const theirs = names.filter((name) => held.some(({ namespace }) => namespace === name));
  if (held.length === 0) return undefined;
  const are = theirs.length === 1 ? `Profile ${theirs} holds` : `Profiles ${theirs.join(', ')} hold`;
  return refused(
    id,
    `${are} data, in ${held.map((claim) => titleOfClaim(claim, true)).join(', ')}`,
    `with ${title} goes each Profile, with it its namespace, and its data would be gone for good`,
    'to keep it, put the section kubeflow back into the cluster file, or copy the data elsewhere',
    `to give it up, with all data: microk8s kubectl delete ${PROFILE} ${theirs.join(' ')}`,
  );
}
