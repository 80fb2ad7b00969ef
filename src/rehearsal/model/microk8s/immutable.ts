import type { KubeObject } from '../state.ts';
import { ApiError } from './errors.ts';
import type { Kind } from './kinds.ts';
import { isJson, type Json, same } from './merge.ts';

/** What an update of a kind may not change. */
const IMMUTABLE: Record<string, (o: Json) => unknown> = {
  StorageClass: (o) => [o.provisioner, o.parameters, o.reclaimPolicy, o.volumeBindingMode],
  PersistentVolumeClaim: (o) => {
    const { accessModes, storageClassName, volumeMode } = (o.spec ?? {}) as Json;
    return [accessModes, storageClassName, volumeMode];
  },
  Job: podTemplate,
  Deployment: (o) => (o.spec as Json | undefined)?.selector,
  DaemonSet: (o) => (o.spec as Json | undefined)?.selector,
};

/** Throws Invalid when an update changes what it may not. */
export function refuseImmutable(kind: Kind, live: KubeObject, next: Json): void {
  const fixed = IMMUTABLE[kind.kind];
  if (!fixed || same(fixed(live), fixed(next))) return;
  const what = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`}`;
  throw new ApiError('Invalid', `${what} "${live.metadata.name}" is invalid: field is immutable`);
}

/** The part of a workload whose change replaces its pods. */
export function podTemplate(object: Json): unknown {
  return isJson(object.spec) ? object.spec.template : undefined;
}
