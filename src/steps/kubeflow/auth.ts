import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import type { Patch } from '../../kubeflow/overlay.ts';

/** Secrets that the manifests publish, made anew. */
export function auth(_file: Cluster): Declared[] {
  return [];
}

/** By stage: what is patched there, and which of the resources above must be there before it. */
export function authAt(
  _file: Cluster,
  _stage: string,
): { readonly patches: readonly Patch[]; readonly needs: readonly Id[] } {
  return { patches: [], needs: [] };
}
