import { isJson, type Json } from '../merge.ts';

/** Lists of Kubernetes' own types whose items are merged by a key; all others are replaced as a whole. */
const KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  webhooks: 'name',
  volumeMounts: 'mountPath',
};

/**
 * A strategic merge as kustomize makes it: null and `$patch: delete` take away, `$patch: replace` replaces. Returns undefined
 * when nothing is left.
 */
export function strategicMerge(target: unknown, patch: unknown, key = ''): unknown {
  if (Array.isArray(patch)) return mergedList(Array.isArray(target) ? target : [], patch, KEYS[key]);
  if (!isJson(patch)) return patch;
  const { $patch: directive, ...fields } = patch;
  if (directive === 'delete') return undefined;
  const result: Json = isJson(target) && directive !== 'replace' ? { ...target } : {};
  for (const [name, value] of Object.entries(fields)) {
    const merged = value === null ? undefined : strategicMerge(result[name], value, name);
    if (merged === undefined) delete result[name];
    else result[name] = merged;
  }
  return result;
}

function mergedList(target: readonly unknown[], patch: readonly unknown[], key: string | undefined): unknown[] {
  if (key === undefined) return [...patch];
  const isFor = (change: Json) => (item: unknown) => isJson(item) && item[key] === change[key];
  const result = [...target];
  // New items come first, as kustomize has it.
  const added: unknown[] = [];
  for (const change of patch.filter(isJson)) {
    const at = result.findIndex(isFor(change));
    const merged = strategicMerge(result[at], change);
    if (at < 0) added.push(...(merged === undefined ? [] : [merged]));
    else result.splice(at, 1, ...(merged === undefined ? [] : [merged]));
  }
  return [...added, ...result];
}
