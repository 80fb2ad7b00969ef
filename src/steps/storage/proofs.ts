import { pinned } from '../../charts/catalogue.ts';
import { digestOf, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Json } from '../../engine/types.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { templateData } from '../../templates.ts';
import type { Provisioner } from './provisioner.ts';

/** Seconds until a volume was made and tried: two small images over the line of a home. */
const TIMEOUT_S = 600;

/** What the script of the pod prints last. */
const EXPECT = 'written and read back: 4 MiB';

/** That the class of a provisioner works: the default class on every node, another one on a worker. */
export function proofs(file: Cluster, from: Provisioner): Declared[] {
  const { nodes, storage } = file;
  const isDefault = storage !== undefined && defaultClass(storage) === from.className;
  const one = nodes.find(({ role }) => role === 'worker') ?? nodes[0];
  const names = isDefault ? nodes.map(({ name }) => name) : one ? [one.name] : [];
  return names.map((node) => proofOn(file, from, node));
}

function proofOn(file: Cluster, { className, ready, resources }: Provisioner, node: string): Declared {
  const name = `${className}-${node}`;
  return proof({
    id: `storage/proof-${className}@${node}`,
    on: 'cluster',
    needs: [ready, `microk8s/member@${node}`],
    what: `a claim of class ${className} is bound, written and read on ${node}`,
    node,
    // Digests: what is installed is long, and this is kept in the cluster once for each node.
    inputs: Object.fromEntries(resources(file).map(({ id, spec }) => [id, digestOf(spec)])),
    objects: objects(name, className, node),
    pod: name,
    expect: EXPECT,
    timeoutS: TIMEOUT_S,
  });
}

function objects(name: string, className: string, node: string): KubeManifest[] {
  const { claim, pod } = templateData('storage/proof.yaml') as unknown as Record<'claim' | 'pod', KubeManifest>;
  const { spec } = pod as unknown as { spec: { containers: readonly [{ [key: string]: Json }] } };
  const image = pinned().images.busybox?.image ?? '';
  const pieces = {
    nodeSelector: { 'kubernetes.io/hostname': node },
    containers: [{ ...spec.containers[0], image }],
    volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: name } }],
  };
  return [
    mergeValues(claim, { metadata: { name }, spec: { storageClassName: className } }) as KubeManifest,
    mergeValues(pod, { metadata: { name }, spec: pieces }) as KubeManifest,
  ];
}
