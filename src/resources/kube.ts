import * as z from 'zod';
import type { Ask, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';

/** kubectl on a control plane. Never without a deadline; a worker never gets here, the engine's guard sees to that. */
export const kubectl: Script = sh`microk8s kubectl --request-timeout=10s`;

/**
 * Lines that kubectl prints beside its answer: warnings of the API, and what it says again and again while an aggregated
 * API (metrics, for example) does not answer. An extended regular expression, for JavaScript and sed alike.
 */
export const NOISE = '^([IWEF][0-9]{4} [0-9]{2}:|Warning: ).*';

/** What kubectl printed on both outputs, without its noise. */
export function withoutNoise(text: string): string {
  return text.replace(new RegExp(`${NOISE}\\n?`, 'gm'), '');
}

/** Namespace of what mlk8s itself keeps in the cluster. */
export const NAMESPACE = 'mlk8s-system';

/** MicroK8s' own data. `current` is a link to the revision. facts: microk8s sheet, section 3. */
export const SNAP_DATA = '/var/snap/microk8s/current';

/** All nodes as the lead's API knows them. */
export const nodesAsk: Ask = { key: 'nodes', on: 'cluster', sh: sh`${kubectl} get nodes -o json`, timeoutS: 20 };

/** Members of the datastore as the lead's dqlite wrote them down. */
export const dqliteAsk: Ask = {
  key: 'dqlite members',
  on: 'cluster',
  sh: sh`cat ${SNAP_DATA}/var/kubernetes/backend/cluster.yaml`,
  timeoutS: 10,
};

/** A Node as the API lists it. */
export interface NodeInfo {
  readonly name: string;
  readonly address: string;
  readonly ready: boolean;
  /** What the kubelet says when it is not ready. */
  readonly message: string;
  readonly worker: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
  /** What pods may ask it for, as Kubernetes writes amounts: `nvidia.com/gpu` is `1`. */
  readonly allocatable: Readonly<Record<string, string>>;
}

const text = z.string();
const nodeList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: text, labels: z.record(text, text).optional() }),
      spec: z
        .object({ taints: z.array(z.object({ key: text, value: text.optional(), effect: text })).optional() })
        .optional(),
      status: z
        .object({
          addresses: z.array(z.object({ type: text, address: text })).optional(),
          conditions: z.array(z.object({ type: text, status: text, message: text.optional() })).optional(),
          allocatable: z.record(text, text).optional(),
        })
        .optional(),
    }),
  ),
});

/** JSON of a machine, if it is of this shape. What is not says as little as no answer, and must not end a run. */
export function jsonOf<T>(json: string, shape: z.ZodType<T>): T | undefined {
  try {
    return shape.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Undefined: there is no cluster yet, or its API does not answer, or not with a list of nodes. */
export function nodesOf(world: World): NodeInfo[] | undefined {
  const answer = world.answer('cluster', nodesAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) return undefined;
  return jsonOf(answer.text, nodeList)?.items.map((node) => {
    const ready = node.status?.conditions?.find((c) => c.type === 'Ready');
    return {
      name: node.metadata.name,
      address: node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address ?? '',
      ready: ready?.status === 'True',
      message: ready?.message ?? 'the kubelet has not reported yet',
      worker: node.metadata.labels?.['node.kubernetes.io/microk8s-worker'] !== undefined,
      labels: node.metadata.labels ?? {},
      taints: (node.spec?.taints ?? []).map((t) => ({ key: t.key, value: t.value ?? '', effect: t.effect })),
      allocatable: node.status?.allocatable ?? {},
    };
  });
}

/**
 * Role of each datastore member by address. A missing role is a voter (microk8s sheet, 2.7). Undefined: nobody said.
 */
export function dqliteOf(world: World): ReadonlyMap<string, 'voter' | 'standby' | 'spare'> | undefined {
  const answer = world.answer('cluster', dqliteAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) return undefined;
  const members = answer.text.split(/^- /m).filter((part) => part.includes('Address:'));
  return new Map(
    members.map((part) => {
      const address = /Address: *"?([0-9.]+):\d+/.exec(part)?.[1] ?? '';
      const role = Number(/Role: *(\d)/.exec(part)?.[1] ?? 0);
      return [address, (['voter', 'standby', 'spare'] as const)[role] ?? 'spare'];
    }),
  );
}
