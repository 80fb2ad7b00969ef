import type { Data } from '../charts/values.ts';
import type { Json } from '../engine/types.ts';

/** Which objects a patch is for, as kustomize takes it; each field that is given must be equal. */
export type Target = {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
};

/**
 * A patch of kustomize as data: an object is a strategic merge patch, which names its object itself unless there is a
 * target; a list is a JSON patch, which needs a target.
 */
export type Patch = { readonly target?: Target; readonly patch: Data | readonly Json[] };

/** Another image in place of the one that the manifests name. */
export type Image = { readonly name: string; readonly newName?: string; readonly newTag?: string };

/** What one stage renders: folders of the source, and what is changed in them. */
export type Overlay = {
  /** Folders with a kustomization, below the root of the source. */
  readonly paths: readonly string[];
  /** All of its objects are put into it. */
  readonly namespace?: string;
  readonly patches: readonly Patch[];
  readonly images: readonly Image[];
};

/** Label on each object of a stage, not on its pods: its value is the name of the stage. */
export const STAGE_LABEL = 'mlk8s.io/stage';

/** The patch that takes an object out of what is rendered. */
export function removal(apiVersion: string, kind: string, namespace: string, name: string): Patch {
  return { patch: { apiVersion, kind, metadata: { name, namespace }, $patch: 'delete' } };
}

/** The kustomization of a stage as data. `up`: from the folder that it lies in to the root of the source, such as `../..`. */
export function kustomization(stage: string, { paths, namespace, patches, images }: Overlay, up: string): Data {
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: paths.map((path) => `${up}/${path}`),
    labels: [{ pairs: { [STAGE_LABEL]: stage } }],
    ...(namespace === undefined ? {} : { namespace }),
    ...(patches.length > 0 ? { patches: patches.map(inline) } : {}),
    ...(images.length > 0 ? { images } : {}),
  };
}

/** kustomize wants the patch itself as a text; JSON is YAML. */
function inline({ target, patch }: Patch): Data {
  return { ...(target ? { target } : {}), patch: JSON.stringify(patch) };
}
