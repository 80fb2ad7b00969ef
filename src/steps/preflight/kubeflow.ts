import type { Check } from '../../engine/check.ts';
import { openNodes } from '../open-nodes.ts';
import { error, machineCheck } from './check.ts';
import { systemAsk, systemValue } from './machine.ts';
import { listeningAsk, listeningOn } from './taken.ts';

/** On every machine, as part of its own network: whether it is ready, and metrics. Seen in the manifests of both releases. */
const MESH = { ports: ['8000', '15014'], program: 'install-cni' };

/** What would keep pods of Kubeflow from starting on a machine. facts: ml-platform sheet, 1.3 */
export const kubeflowCheck: Check = machineCheck(
  'kubeflow',
  (node, { kubeflow }) => (kubeflow ? [systemAsk(node), listeningAsk(node)] : []),
  (subject, system, sockets) => {
    if (!system || !sockets) return [];
    const { node, file } = subject;
    const machine = systemValue(system.text, 'MACHINE');
    const takesPods = openNodes(file.nodes).some(({ name }) => name === node.name);
    const foreign = error(
      subject,
      `its architecture is ${machine}, and Kubeflow is in the cluster file`,
      'some of its images are made for amd64 alone, and its pods may come to this machine',
      'give the machine a taint in the cluster file, or leave one of the two out of it',
    );
    const taken = [...listeningOn(sockets.text, MESH.ports)].filter(([, program]) => program !== MESH.program);
    return [
      ...(takesPods && machine === 'aarch64' ? [foreign] : []),
      ...taken.map(([port, program]) =>
        error(
          subject,
          `port ${port} is used by ${program}`,
          "the pod of Kubeflow's service mesh needs that port on every machine",
          `stop it: sudo ss -ltnp 'sport = :${port}'`,
        ),
      ),
    ];
  },
);
