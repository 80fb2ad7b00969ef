import type { ClusterState } from '../state.ts';
import { type Addon, signOf } from './addon-catalogue.ts';
import type { KubeStore } from './store.ts';

/** Detection by sign, as `microk8s status` does it: somebody else's object of that name counts (sheet 2.1). */
export function isEnabled(addon: Addon, store: KubeStore, minor: number, exists: (path: string) => boolean): boolean {
  const sign = signOf(addon, minor);
  if ('file' in sign) return exists(sign.file);
  return store.list(store.kind(sign.kind)).some((o) => o.metadata.name.startsWith(sign.name));
}

/** Puts the objects of an addon into the store. */
export function applyAddon(addon: Addon, store: KubeStore, args: readonly string[], minor: number): void {
  for (const manifest of addon.objects(args, minor)) store.apply(manifest);
  noteAddon(store.cluster, addon.name, true);
}

/** Takes them out again. */
export function removeAddon(addon: Addon, store: KubeStore, minor: number): void {
  for (const manifest of addon.objects([], minor).reverse()) {
    const found = store
      .kinds()
      .find((k) => k.kind === manifest.kind && manifest.apiVersion.startsWith(k.group || 'v1'));
    const object = found && store.find(found, manifest.metadata.namespace ?? '', manifest.metadata.name);
    if (object) store.remove(object);
  }
  noteAddon(store.cluster, addon.name, false);
}

function noteAddon(cluster: ClusterState, name: string, on: boolean): void {
  cluster.addons = [...cluster.addons.filter((a) => a !== name), ...(on ? [name] : [])].sort();
}
