import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';

/** A workload, with the ports of its machines that its pods take. */
export interface PortHolder {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly string[];
  readonly images: readonly string[];
}

const CONTAINERS = '.spec.template.spec.containers[*]';
const FIELDS = [
  '{.kind}',
  '{.metadata.namespace}',
  '{.metadata.name}',
  '{.spec.template.spec.hostNetwork}',
  `{${CONTAINERS}.ports[*].hostPort}`,
  `{${CONTAINERS}.ports[*].containerPort}`,
  `{${CONTAINERS}.image}`,
];
const ROWS = `jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`;

/** One question for all who want to know. */
export const holdersAsk: Ask = {
  key: 'ports of machines that pods hold',
  on: 'cluster',
  sh: sh`${kubectl} get daemonsets,deployments,statefulsets -A -o ${ROWS}`,
  timeoutS: 20,
};

/**
 * All workloads; undefined: the API does not answer. In the network of its machine a pod takes every port that it names:
 * since Kubernetes 1.28 only the pods say so themselves, not what they are made from.
 */
export function holdersOf(world: World): readonly PortHolder[] | undefined {
  const answer = world.answer('cluster', holdersAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const rows = answer.text.split('\n').filter((line) => line !== '');
  return rows.map((row) => {
    const [kind = '', namespace = '', name = '', hostNetwork, hostPorts = '', ports = '', images = ''] =
      row.split('\t');
    const words = (text: string) => text.split(' ').filter((word) => word !== '');
    const taken = [...words(hostPorts), ...(hostNetwork === 'true' ? words(ports) : [])];
    return { kind, namespace, name, ports: [...new Set(taken)], images: words(images) };
  });
}

/** `DaemonSet ingress/traefik` */
export const titleOfHolder = ({ kind, namespace, name }: PortHolder): string => `${kind} ${namespace}/${name}`;
