import type { KubeObject } from '../../state.ts';
import { notFound } from '../errors.ts';
import { shortName } from '../kinds.ts';
import { isSet, UsageError } from './args.ts';
import type { Client } from './client.ts';

/** `kubectl label` and `kubectl annotate`: `key=value`, `key-`, `--overwrite`. */
export async function mark(client: Client, what: 'labels' | 'annotations'): Promise<number> {
  const view = client.api();
  const changes = client.args.words.filter(isChange);
  const targets = client.targets(
    view,
    client.args.words.filter((w) => !isChange(w)),
  );
  if (changes.length === 0)
    throw new UsageError(`error: at least one ${what === 'labels' ? 'label' : 'annotation'} update is required`);
  let code = 0;
  for (const { kind, name, object } of targets) {
    if (!object) throw notFound(kind, name);
    const stored = view.store.get(kind, object.metadata.namespace ?? '', name);
    const problem = clash(stored.metadata[what] ?? {}, changes, isSet(client.args, 'overwrite'));
    if (problem !== undefined) {
      client.context.err(`error: ${problem}\n`);
      code = 1;
      continue;
    }
    const marks = changed(stored.metadata[what] ?? {}, changes);
    const same = view.store.replace({ ...stored, metadata: { ...stored.metadata, [what]: marks } }) === stored;
    client.changed();
    client.out(`${shortName(kind)}/${name} ${verb(what, changes, same)}\n`);
  }
  return code;
}

const isChange = (word: string): boolean => /^[^/=]+(\/[^/=]+)?=/.test(word) || (/-$/.test(word) && word.length > 1);

function verb(what: 'labels' | 'annotations', changes: readonly string[], same: boolean): string {
  if (what === 'annotations') return 'annotated';
  if (same) return 'not labeled';
  return changes.every((c) => c.endsWith('-') && !c.includes('=')) ? 'unlabeled' : 'labeled';
}

function clash(marks: Record<string, string>, changes: readonly string[], overwrite: boolean): string | undefined {
  for (const change of changes) {
    const at = change.indexOf('=');
    const [key, value] = [change.slice(0, at), change.slice(at + 1)];
    const old = marks[key];
    if (at > 0 && !overwrite && old !== undefined && old !== value)
      return `'${key}' already has a value (${old}), and --overwrite is false`;
  }
  return undefined;
}

function changed(marks: Record<string, string>, changes: readonly string[]): Record<string, string> {
  const result = { ...marks };
  for (const change of changes) {
    const at = change.indexOf('=');
    if (at > 0) result[change.slice(0, at)] = change.slice(at + 1);
    else delete result[change.slice(0, -1)];
  }
  return result;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/** `kubectl taint nodes NAME key=value:Effect`, `key:Effect-`, `key-`. */
export async function taint(client: Client): Promise<number> {
  const view = client.api();
  const [type = '', ...words] = client.args.words;
  const changes = words.filter((w) => w.includes(':') || w.endsWith('-'));
  const names = words.filter((w) => !changes.includes(w));
  const targets = client.targets(view, [type, ...names]);
  if (changes.length === 0) throw new UsageError('error: at least one taint update is required');
  for (const { kind, name, object } of targets) {
    if (!object) throw notFound(kind, name);
    const stored = view.store.get(kind, '', name);
    view.store.replace(withTaints(stored, changes, isSet(client.args, 'overwrite')));
    client.changed();
    client.out(`node/${name} ${changes.every((c) => c.endsWith('-')) ? 'untainted' : 'tainted'}\n`);
  }
  return 0;
}

function withTaints(node: KubeObject, changes: readonly string[], overwrite: boolean): KubeObject {
  const spec = (node.spec ?? {}) as { taints?: Taint[] };
  let taints = spec.taints ?? [];
  for (const change of changes) {
    const [, key = '', value = '', effect = '', off] = /^([^=:]+?)(?:=([^:]*))?(?::(.*?))?(-)?$/.exec(change) ?? [];
    const hit = (t: Taint) => t.key === key && (effect === '' || t.effect === effect);
    const found = taints.find(hit);
    if (off !== undefined) {
      if (!found) throw new UsageError(`error: taint "${change.slice(0, -1)}" not found`);
      taints = taints.filter((t) => !hit(t));
      continue;
    }
    if (!['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect)) {
      throw new UsageError(`error: invalid taint effect: ${effect}, unsupported taint effect`);
    }
    if (found && !overwrite) {
      throw new UsageError(
        `error: node ${node.metadata.name} already has ${key} taint(s) with same effect(s) and --overwrite is false`,
      );
    }
    taints = [...taints.filter((t) => !hit(t)), value === '' ? { key, effect } : { key, value, effect }];
  }
  const { taints: _old, ...rest } = spec;
  return { ...node, spec: taints.length === 0 ? rest : { ...rest, taints } };
}

/** `kubectl cordon`, `uncordon` and `drain`. */
export async function cordon(client: Client, verb: 'cordon' | 'uncordon' | 'drain'): Promise<number> {
  const view = client.api();
  const on = verb !== 'uncordon';
  for (const name of client.args.words.map((w) => w.replace(/^nodes?\//, ''))) {
    const node = view.store.get(view.store.kind('nodes'), '', name);
    const spec = (node.spec ?? {}) as { unschedulable?: boolean };
    const { unschedulable, ...rest } = spec;
    const already = (unschedulable === true) === on ? 'already ' : '';
    view.store.replace({ ...node, spec: on ? { ...rest, unschedulable: true } : rest });
    client.changed();
    client.out(`node/${name} ${already}${on ? 'cordoned' : 'uncordoned'}\n`);
    if (verb === 'drain') {
      const code = await drain(client, name);
      if (code !== 0) return code;
    }
  }
  return 0;
}

async function drain(client: Client, name: string): Promise<number> {
  const view = client.api();
  const pods = view.list(view.store.kind('pods')).filter((p) => (p.spec as { nodeName?: string }).nodeName === name);
  const daemons = pods.filter((p) => JSON.stringify(p.metadata.ownerReferences ?? '').includes('"DaemonSet"'));
  if (daemons.length > 0 && !isSet(client.args, 'ignore-daemonsets')) {
    const list = daemons.map((p) => `${p.metadata.namespace}/${p.metadata.name}`).join(', ');
    client.context.err(
      `error: unable to drain node "${name}" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${list}, continuing command...\n`,
    );
    return 1;
  }
  for (const pod of pods.filter((p) => !daemons.includes(p))) {
    client.out(`evicting pod ${pod.metadata.namespace}/${pod.metadata.name}\n`);
    await client.context.sleep(2);
  }
  client.out(`node/${name} drained\n`);
  return 0;
}
