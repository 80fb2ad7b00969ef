import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { hugepages } from '../../resources/hugepages.ts';
import { kernelModules } from '../../resources/kernel-module.ts';
import { kubeletSees } from '../../resources/kubelet-sees.ts';
import { mayastorFit } from '../../resources/mayastor-fit.ts';
import { nodeMeta } from '../../resources/node-meta.ts';
import { hugepagesOf } from '../hugepages.ts';

/** Of 2 MiB: what io-engine asks for. facts: storage-and-databases sheet, 2.3 */
const PAGES = 1024;
const MIB_PER_PAGE = 2;
/** Memory of io-engine besides its pages, of the system, and of MicroK8s, in MiB. platform sheet, section 3. */
const BESIDES = { 'control-plane': 1024 + 1024 + 2048, worker: 1024 + 1024 + 1024 };
/** Cores that io-engine keeps busy: `mayastor.io_engine.cpuCount`. */
const CORES = 2;

/** Pods of io-engine go where this is. */
const ENGINE_LABEL = { 'openebs.io/engine': 'mayastor' };

/** Machines whose disks are pools, in the order of the file. */
export function engineNodes({ nodes, storage }: Cluster): readonly ClusterNode[] {
  const names = new Set(storage?.mayastor?.pools.map(({ node }) => node));
  return nodes.filter(({ name }) => names.has(name));
}

/** What must be there before kubelet first starts on a machine: it counts hugepages only then. */
export function beforeKubelet(file: Cluster, host: string): readonly Id[] {
  return engineNodes(file).some(({ name }) => name === host) ? [`storage/hugepages@${host}`] : [];
}

/** What io-engine needs before its pods are made. */
export const machinesReady: readonly Id[] = [
  'storage/mayastor-fit@cluster',
  'storage/nvme-tcp@*',
  'storage/kubelet@*',
  'storage/engine@*',
];

/** The machines made ready for Mayastor. facts: gpu-and-nodes sheet, 6; storage-and-databases sheet, 2.3 */
export function mayastorMachines(file: Cluster): Declared[] {
  const engines = engineNodes(file);
  return [
    mayastorFit({
      id: 'storage/mayastor-fit@cluster',
      on: 'cluster',
      needs: [],
      machines: engines.map(({ name }) => name),
      cores: CORES,
    }),
    ...file.nodes.map(nvmeTcp),
    ...engines.flatMap((node) => engine(node, PAGES + hugepagesOf(file).limitMi / MIB_PER_PAGE)),
  ];
}

/** Whoever mounts a volume speaks NVMe over TCP, with a disk of its own or not. storage sheet, failure 11. */
function nvmeTcp({ name }: ClusterNode): Declared {
  return kernelModules({
    id: `storage/nvme-tcp@${name}`,
    on: { host: name },
    needs: [`node/modules-extra@${name}`],
    path: '/etc/modules-load.d/microk8s-mayastor.conf',
    modules: ['nvme_tcp'],
  });
}

/** `pages`: those of io-engine, and those of a database that may run there. */
function engine(node: ClusterNode, pages: number): Declared[] {
  const { name } = node;
  const on = { host: name };
  const member: Id = `microk8s/member@${name}`;
  return [
    hugepages({
      id: `storage/hugepages@${name}`,
      on,
      needs: [],
      path: '/etc/sysctl.d/20-microk8s-hugepages.conf',
      pages,
      besidesMiB: BESIDES[node.role],
    }),
    kubeletSees({
      id: `storage/kubelet@${name}`,
      on,
      needs: [`storage/hugepages@${name}`, `node/reboot@${name}`, member],
      hugepagesMiB: pages * MIB_PER_PAGE,
      member,
    }),
    nodeMeta({
      id: `storage/engine@${name}`,
      on: 'cluster',
      needs: [member],
      node: { ...node, labels: ENGINE_LABEL, taints: [] },
    }),
  ];
}
