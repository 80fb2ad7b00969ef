import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { brought } from '../../resources/brought.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { emailOf, loginId, namespaceOf, profileId, stageId, type User, userId, usersOf } from './names.ts';
import { stagesFor } from './stages.ts';

/** Seconds until the API takes a Profile, whose type comes with a stage, and until its controller made of it what it makes. */
const ADMITTED_S = 120;
const MADE_S = 300;

/** A Profile for each user: a namespace of their own, with a quota if the file has one. facts: ml-platform sheet, 1.10 */
export function profiles(file: Cluster): Declared[] {
  return usersOf(file).flatMap((user) => [profile(file, user), made(user), ...limits(user)]);
}

function profile(file: Cluster, user: User): Declared {
  const name = namespaceOf(user.name);
  const hard = quotaOf(user);
  const object: KubeManifest = {
    ...{ apiVersion: 'kubeflow.org/v1', kind: 'Profile', metadata: { name } },
    spec: {
      // As the login names people, to the letter.
      owner: { kind: 'User', name: emailOf(file, user) },
      ...(Object.keys(hard).length > 0 ? { resourceQuotaSpec: { hard } } : {}),
    },
  };
  return manifest({
    ...{ id: profileId(user.name), on: 'cluster', needs: [...usedBy(file), loginId(user.name)] },
    objects: [object],
    admittedS: ADMITTED_S,
    // The controller leaves a namespace alone whose owner is another one than that of its Profile.
    marks: { namespace: name, key: 'owner', value: emailOf(file, user) },
    // The namespace goes with its Profile, and all volumes and whatever else is in it with that.
    data: { name, namespace: name, things: true, asked: { what: 'user', name: user.name, where: 'kubeflow.users' } },
  });
}

/**
 * All stages but those that go into the namespace of a user. What needs one another is removed in reverse: while the data
 * of somebody is kept, so are the types of what they made, their login and all that they work with.
 */
function usedBy(file: Cluster): Id[] {
  return stagesFor(file).flatMap(({ name, namespace }) => (namespace === undefined ? [stageId(name)] : []));
}

function quotaOf({ cpu, memoryGi, gpus, storageGi }: User): Readonly<Record<string, string>> {
  return {
    ...(cpu === undefined ? {} : { cpu: `${cpu}` }),
    ...(memoryGi === undefined ? {} : { memory: `${memoryGi}Gi` }),
    ...(gpus === undefined ? {} : { 'requests.nvidia.com/gpu': `${gpus}` }),
    ...(storageGi === undefined ? {} : { 'requests.storage': `${storageGi}Gi` }),
  };
}

function made({ name }: User): Declared {
  const namespace = namespaceOf(name);
  return brought({
    ...{ id: userId(name), on: 'cluster', needs: [profileId(name)] },
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default-editor', namespace } },
    ],
    by: "Kubeflow's profile controller",
    withinS: MADE_S,
  });
}

/** Under a quota of CPU or memory each container must say what it asks for, and not all that Kubeflow starts do. */
function limits({ name, cpu, memoryGi }: User): Declared[] {
  const defaultRequest = {
    ...(cpu === undefined ? {} : { cpu: '50m' }),
    ...(memoryGi === undefined ? {} : { memory: '64Mi' }),
  };
  if (Object.keys(defaultRequest).length === 0) return [];
  const object: KubeManifest = {
    ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'mlk8s-requests', namespace: namespaceOf(name) } },
    spec: { limits: [{ type: 'Container', defaultRequest }] },
  };
  return [manifest({ id: `kubeflow/limits-${name}@cluster`, on: 'cluster', needs: [userId(name)], objects: [object] })];
}
