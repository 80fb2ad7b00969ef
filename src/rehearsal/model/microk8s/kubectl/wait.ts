import type { KubeObject } from '../../state.ts';
import { notFound } from '../errors.ts';
import { type Kind, resourceName, shortName } from '../kinds.ts';
import { notesOf, stamp } from '../store.ts';
import { last, seconds, UsageError } from './args.ts';
import type { Client } from './client.ts';
import { evaluate } from './jsonpath.ts';

const POLL_S = 1;

/** `kubectl wait --for=condition=X|delete|create|jsonpath=…`. */
export async function wait(client: Client): Promise<number> {
  const goal = last(client.args, 'for');
  if (goal === undefined) throw new UsageError('error: must specify --for');
  const end = client.context.now() + (seconds(last(client.args, 'timeout')) ?? 30) * 1000;
  const gone = goal === 'delete';
  const first = client.targets(client.api(), client.args.words);
  if (first.length === 0) {
    if (gone) return 0;
    throw new UsageError('error: no matching resources found');
  }
  for (const { kind, name, object } of first) {
    const namespace = kind.namespaced ? (object?.metadata.namespace ?? client.namespace) : '';
    const look = () => client.api().find(kind, namespace, name);
    if (!object && !gone && goal !== 'create') throw notFound(kind, name);
    while (!(gone ? look() === undefined : met(look(), goal))) {
      if (client.context.now() >= end) {
        client.context.err(`error: timed out waiting for the condition on ${resourceName(kind)}/${name}\n`);
        return 1;
      }
      await client.context.sleep(POLL_S);
    }
    client.out(`${shortName(kind)}/${name} ${gone ? 'deleted' : 'condition met'}\n`);
  }
  return 0;
}

function met(object: KubeObject | undefined, goal: string): boolean {
  if (!object) return false;
  if (goal === 'create') return true;
  const [what = '', ...rest] = goal.split('=');
  if (what === 'condition') {
    const [type = '', value = 'true'] = rest;
    const conditions = evaluate('.status.conditions[*]', [object]) as { type: string; status: string }[];
    return conditions.some(
      (c) => c.type.toLowerCase() === type.toLowerCase() && c.status.toLowerCase() === value.toLowerCase(),
    );
  }
  if (what !== 'jsonpath') throw new UsageError(`error: unrecognized condition: "${goal}"`);
  const [, path = '', value] = /^\{(.*?)\}(?:=(.*))?$/.exec(rest.join('=').replace(/^'|'$/g, '')) ?? [];
  const found = evaluate(path, [object]);
  return value === undefined ? found.length > 0 : found.some((f) => String(f) === value.replace(/^["']|["']$/g, ''));
}

/** `kubectl rollout status|restart`. */
export async function rollout(client: Client): Promise<number> {
  const [verb, ...words] = client.args.words;
  const targets = client.targets(client.api(), words);
  if (verb === 'restart') return restart(client, targets);
  if (verb !== 'status') throw new UsageError(`error: unknown command "rollout ${verb}"`);
  const limit = seconds(last(client.args, 'timeout')) ?? 0;
  const end = limit > 0 ? client.context.now() + limit * 1000 : Number.POSITIVE_INFINITY;
  for (const { kind, name, object } of targets) {
    if (!object) throw notFound(kind, name);
    let said = '';
    for (;;) {
      const { done, text } = progress(client.api().get(kind, object.metadata.namespace ?? '', name));
      if (text !== said) client.out(`${text}\n`);
      said = text;
      if (done || last(client.args, 'watch') === 'false') break;
      if (client.context.now() >= end) {
        client.context.err('error: timed out waiting for the condition\n');
        return 1;
      }
      await client.context.sleep(POLL_S);
    }
  }
  return 0;
}

function progress(object: KubeObject): { done: boolean; text: string } {
  const status = (object.status ?? {}) as Record<string, number | undefined>;
  const { name } = object.metadata;
  const isSet = object.kind === 'DaemonSet';
  const desired = (isSet ? status.desiredNumberScheduled : status.replicas) ?? 0;
  const available = (isSet ? status.numberAvailable : status.availableReplicas) ?? 0;
  if (available >= desired) {
    if (object.kind === 'StatefulSet')
      return { done: true, text: `statefulset rolling update complete ${desired} pods at revision ${name}...` };
    return { done: true, text: `${isSet ? 'daemon set' : 'deployment'} "${name}" successfully rolled out` };
  }
  if (object.kind === 'StatefulSet')
    return { done: false, text: `Waiting for ${desired - available} pods to be ready...` };
  const what = isSet
    ? `daemon set "${name}" rollout to finish: ${available} of ${desired} updated pods`
    : `deployment "${name}" rollout to finish: ${available} of ${desired} updated replicas`;
  return { done: false, text: `Waiting for ${what} are available...` };
}

function restart(client: Client, targets: { kind: Kind; name: string; object: KubeObject | undefined }[]): number {
  const { store, now } = client.api();
  for (const { kind, name, object } of targets) {
    if (!object) throw notFound(kind, name);
    const stored = store.get(kind, object.metadata.namespace ?? '', name);
    const spec = structuredClone(stored.spec ?? {}) as {
      template?: { metadata?: { annotations?: Record<string, string> } };
    };
    const metadata = spec.template?.metadata ?? {};
    const annotations = { ...metadata.annotations, 'kubectl.kubernetes.io/restartedAt': stamp(now) };
    const next = store.replace({
      ...stored,
      spec: { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } },
    });
    notesOf(next).rolledAt = now;
    client.changed();
    client.out(`${shortName(kind)}/${name} restarted\n`);
  }
  return 0;
}

/** `kubectl scale --replicas=N`. */
export async function scale(client: Client): Promise<number> {
  const replicas = Number(last(client.args, 'replicas') ?? Number.NaN);
  if (!Number.isInteger(replicas))
    throw new UsageError('error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  const view = client.api();
  for (const { kind, name, object } of client.targets(view, client.args.words)) {
    if (!object) throw notFound(kind, name);
    const stored = view.store.get(kind, object.metadata.namespace ?? '', name);
    view.store.replace({ ...stored, spec: { ...(stored.spec as object), replicas } });
    client.changed();
    client.out(`${shortName(kind)}/${name} scaled\n`);
  }
  return 0;
}
