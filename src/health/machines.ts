import * as z from 'zod';
import type { World } from '../engine/types.ts';
import { GPU_RESOURCE, isLabelled } from '../resources/gpu-operands.ts';
import { jsonOf, nodesAsk } from '../resources/kube.ts';
import { objectsAsk, RULE } from './asks.ts';
import type { Aspect } from './catalogue.ts';
import { type Evidence, oneLine } from './evidence.ts';
import type { SeenPod } from './pods.ts';

const text = z.string();
const condition = z.object({ type: text, status: text, reason: text.optional(), message: text.optional() });
const nodes = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: text, labels: z.record(text, text).default({}) }),
      spec: z.object({ unschedulable: z.boolean().optional() }).default({}),
      status: z
        .object({
          conditions: z.array(condition).default([]),
          capacity: z.record(text, text).default({}),
          allocatable: z.record(text, text).default({}),
          nodeInfo: z.object({ containerRuntimeVersion: text.default('') }).prefault({}),
        })
        .prefault({}),
    }),
  ),
});
type Node = z.infer<typeof nodes>['items'][number];

/** Nodes by name (undefined: nobody said), those that are not Ready, and what all of them say. */
export function nodesSeen(world: World): {
  readonly names: readonly string[] | undefined;
  readonly away: readonly string[];
  readonly evidence: readonly Evidence[];
} {
  const found = jsonOf(world.text('cluster', nodesAsk.key) ?? '', nodes)?.items;
  const isReady = ({ status }: Node) => status.conditions.some((it) => it.type === 'Ready' && it.status === 'True');
  return {
    names: found?.map((it) => it.metadata.name),
    away: (found ?? []).filter((it) => !isReady(it)).map((it) => it.metadata.name),
    evidence: (found ?? []).flatMap((it) => nodeEvidence(it, world.file.gpu !== undefined)),
  };
}

/** `wantsGpus`: pods are to have the cards. Without a section for it they are there for something else. */
function nodeEvidence({ metadata: { name, labels }, spec, status }: Node, wantsGpus: boolean): Evidence[] {
  const say = (words: string, open = true): Evidence => ({
    looks: 'node',
    object: `Node ${name}`,
    machine: name,
    name,
    text: oneLine(words),
    ...(open ? { open: true } : {}),
  });
  const bad = status.conditions.filter((it) => (it.type === 'Ready') !== (it.status === 'True'));
  const upgrade = labels['nvidia.com/gpu-driver-upgrade-state'];
  const offered = Number(status.allocatable[GPU_RESOURCE] ?? 0);
  const there = Number(status.capacity[GPU_RESOURCE] ?? 0);
  // The operator's own label says it, too. facts: gpu sheet, 1.6
  const hasGpu = isLabelled(labels) || labels[`${GPU_RESOURCE}.present`] === 'true';
  return [
    ...bad
      .filter((it) => it.type === 'Ready' || it.status === 'True')
      .map((it) => say(`${it.type === 'Ready' ? 'not Ready' : it.type}: ${it.reason ?? ''}: ${it.message ?? ''}`)),
    ...(spec.unschedulable ? [say('it takes no new pods (it is cordoned)')] : []),
    ...(offered < there ? [say(`it offers ${offered} of ${there} ${GPU_RESOURCE}`)] : []),
    ...(wantsGpus && hasGpu && there === 0 ? [say(`it has an NVIDIA card and offers no ${GPU_RESOURCE}`)] : []),
    ...(upgrade === 'upgrade-failed' ? [say(`nvidia.com/gpu-driver-upgrade-state is ${upgrade}`)] : []),
    say(`it runs ${status.nodeInfo.containerRuntimeVersion}`, false),
  ];
}

const status = z.record(text, z.unknown()).default({});
const objects = z.object({
  items: z.array(z.object({ metadata: z.object({ name: text, namespace: text.default('') }), status })),
});

/** Resource types that a release cannot do without; MicroK8s' own `disable` removes them. facts: platform sheet, 5 #7 */
const NEEDED: Readonly<Record<string, string>> = {
  'gpu-operator': 'clusterpolicies.nvidia.com',
  'cert-manager': 'certificates.cert-manager.io',
  'kube-prom-stack': 'prometheuses.monitoring.coreos.com',
  traefik: 'ingressroutes.traefik.io',
};

/** What custom resources, their types and the pods of two releases side by side say. */
export function objectsSeen(world: World, pods: readonly SeenPod[]): Evidence[] {
  const answer = world.answer('cluster', objectsAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) return [];
  const [crds = '', releases = '', policies = '', pools = ''] = answer.text.split(new RegExp(`^${RULE}\\n`, 'm'));
  return [
    ...[...new Set(releases.split('\n'))].flatMap((name) => vanished(name, crds)),
    ...(jsonOf(policies, objects)?.items ?? []).flatMap((it) => policyEvidence(it.metadata.name, it.status)),
    ...(jsonOf(pools, objects)?.items ?? []).flatMap((it) => poolEvidence(it.metadata, it.status)),
    ...discoveries(pods),
  ];
}

function vanished(release: string, crds: string): Evidence[] {
  const needed = NEEDED[release];
  if (needed === undefined || crds.includes(`/${needed}\n`)) return [];
  const words = `${release} is installed, but its resource type ${needed} is gone`;
  return [{ looks: 'object', object: `Release ${release}`, name: release, text: words, open: true }];
}

/** `ready` is not to be believed without its reason. facts: gpu sheet, 1.6 */
function policyEvidence(name: string, seen: z.infer<typeof status>): Evidence[] {
  const found = z.array(condition).safeParse(seen.conditions).data ?? [];
  const said = found.filter((it) => it.status === 'True' || it.type === 'Ready');
  const reasons = said.map((it) => `${it.reason ?? it.type}${it.message ? ` (${it.message})` : ''}`);
  const isGood = seen.state === 'ready' && !said.some((it) => it.reason !== undefined && it.reason !== 'Reconciled');
  if (isGood) return [];
  const words = oneLine(`ClusterPolicy: state ${String(seen.state ?? 'unknown')}: ${reasons.join(', ')}`);
  return [{ looks: 'object', object: `ClusterPolicy ${name}`, name, text: words, open: true }];
}

function poolEvidence(
  { name, namespace }: { name: string; namespace: string },
  seen: z.infer<typeof status>,
): Evidence[] {
  const { cr_state: made = 'unknown', pool_status: pool = 'unknown' } = seen;
  if (made === 'Created' && pool === 'Online') return [];
  const words = `DiskPool: cr_state ${String(made)}, pool_status ${String(pool)}`;
  return [{ looks: 'object', object: `DiskPool ${namespace}/${name}`, namespace, name, text: words, open: true }];
}

/** One master each: their workers write the same labels. */
function discoveries(pods: readonly SeenPod[]): Evidence[] {
  const masters = pods.filter((pod) => /node-feature-discovery-master|^nfd-master/.test(pod.name));
  const places = [
    ...new Set(masters.map((pod) => `${pod.namespace}/${pod.name.replace(/-[a-z0-9]+-[a-z0-9]+$/, '')}`)),
  ];
  if (places.length < 2) return [];
  const words = `${places.length} installations of Node Feature Discovery: ${places.join(', ')}`;
  return [{ looks: 'object', object: 'Node Feature Discovery', text: words, open: true }];
}

/** A disk that is fuller than this is listed. Volumes are not watched by the kubelet. facts: platform sheet, 5 #10 */
const FULL_PERCENT = 90;

/** What one machine says of itself. */
export function machineSeen(world: World, host: string, isNode: boolean): Evidence[] {
  const lines = (about: string): string[] =>
    (world.text({ host }, `doctor ${about}`) ?? '').split('\n').filter((line) => line.trim() !== '');
  const say = (looks: Aspect, words: string, more: Partial<Evidence> = {}): Evidence => ({
    looks,
    object: host,
    machine: host,
    text: oneLine(words),
    ...more,
  });
  const policy = lines('firewall');
  const isForwarding = policy.some((line) => line.includes('MicroK8s pods')) || !isNode;
  return [
    ...lines('journal').map((line) => say('journal', line)),
    ...lines('kernel').map((line) => say('kernel', line)),
    ...lines('units').flatMap((line) => unitEvidence(line, say)),
    ...lines('disks').flatMap((line) => diskEvidence(line, say)),
    ...lines('driver')
      .filter((line) => !/^(GPU \d+: |\s+MIG )/.test(line))
      .map((line) => say('driver', line)),
    ...(isForwarding ? [] : policy.map((line) => say('firewall', line))),
  ];
}

type Say = (looks: Aspect, words: string, more?: Partial<Evidence>) => Evidence;

function unitEvidence(line: string, say: Say): Evidence[] {
  const name = line.trim().split(/\s+/)[0] ?? '';
  return [say('unit', `${name} has failed`, { object: name, name, open: true })];
}

function diskEvidence(line: string, say: Say): Evidence[] {
  const [, , , free, percent, ...at] = line.trim().split(/\s+/);
  const used = Number(percent?.replace('%', ''));
  if (!(used >= FULL_PERCENT)) return [];
  const path = at.join(' ');
  const gib = (Number(free) / 1024 ** 2).toFixed(1);
  return [say('disk', `${path} is ${used} % full; ${gib} GiB are left`, { object: path, open: true })];
}
