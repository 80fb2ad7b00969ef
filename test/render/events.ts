import type { EngineEvent, PlanItem } from '../../src/engine/events.ts';
import { createStyle, type Output, type Style } from '../../src/render/style.ts';

/** A fixed story that holds every event and every verdict once. */
export const planItems: readonly PlanItem[] = [
  { id: 'node/hosts@rig1', verdict: 'ok', because: '/etc/hosts lists all machines' },
  {
    id: 'node/hosts@rig2',
    verdict: 'change',
    because: '/etc/hosts does not list rig3',
    does: ['write /etc/hosts'],
    diff: [
      {
        what: '/etc/hosts',
        before: '127.0.0.1 localhost\n10.0.0.101 rig1\n10.0.0.102 rig2\n',
        after: '127.0.0.1 localhost\n10.0.0.101 rig1\n10.0.0.102 rig2\n10.0.0.103 rig3\n',
      },
    ],
  },
  {
    id: 'node/swap@rig2',
    verdict: 'change',
    because: 'swap is on',
    does: ['turn swap off', 'take it out of /etc/fstab'],
    diff: [{ what: 'vm.swappiness', before: '60', after: '0' }],
    disrupts: 'programs that need the swap',
    warning: 'the machine has only 4 GiB of memory',
  },
  { id: 'microk8s/rbac@cluster', verdict: 'later', because: 'there is no cluster yet' },
  { id: 'microk8s/ready@rig1', verdict: 'settling', because: 'the node is not Ready yet' },
  {
    id: 'microk8s/channel@rig1',
    verdict: 'refused',
    because: 'another channel',
    problem: {
      where: 'rig1, step microk8s',
      seen: 'MicroK8s is at 1.34/stable, the file asks for 1.35/stable',
      why: 'the file was changed after the cluster was made',
      next: ['put 1.34/stable back into the file', 'or upgrade by hand: docs/upgrade.md'],
    },
  },
  { id: 'node/hosts@rig3', verdict: 'dropped', because: 'the machine does not answer' },
];

const start = { event: 'start', cluster: 'home-lab', hosts: ['rig1', 'rig2', 'rig3'] } as const;
const numbers = { applied: 0, failed: 0, refused: 1, dropped: ['rig3'], execs: { rig1: 1, rig2: 3 }, seconds: 83.4 };
const unreachable = { where: 'rig3', seen: 'no route to host', why: 'the machine is off', next: ['switch it on'] };

export const upEvents: readonly EngineEvent[] = [
  {
    ...start,
    command: 'up',
    rehearsal: 'Rehearsal: the machines are simulated. It cannot show what real hardware does.',
  },
  { event: 'warning', where: 'mlk8s.yaml:4:3', text: 'two control planes are no better than one' },
  { event: 'phase', text: 'asking 3 machines' },
  { event: 'dropped', host: 'rig3', problem: unreachable },
  { event: 'plan', items: planItems },
  { event: 'locked', host: 'rig1', holder: 'ann on desk since 21:03 (up)', waiting: true },
  { event: 'follow', host: 'rig1', job: 'j-17' },
  { event: 'change', id: 'node/hosts@rig2', host: 'rig2', does: 'write /etc/hosts' },
  { event: 'applied', id: 'node/hosts@rig2', host: 'rig2', seconds: 1.25 },
  { event: 'ok', id: 'node/hosts@rig2', because: '/etc/hosts lists all machines' },
  { event: 'change', id: 'node/swap@rig2', host: 'rig2', does: 'turn swap off' },
  { event: 'output', id: 'node/swap@rig2', host: 'rig2', line: '\u001b[31mswapoff: /swapfile\u001b[0m\tfailed' },
  { event: 'settling', id: 'microk8s/ready@rig1', because: 'the node is not Ready yet' },
  {
    event: 'failed',
    id: 'node/swap@rig2',
    problem: { where: 'rig2, step node', seen: 'the command ended with status 255', next: ['free some memory'] },
    tail: ['swapoff: /swapfile', 'Cannot allocate memory'],
  },
  {
    event: 'dropped',
    host: 'rig2',
    problem: { where: 'rig2, step node', seen: 'the command ended with status 255', next: ['free some memory'] },
  },
  { event: 'problem', problem: { where: 'rig1', seen: 'the clock is 4 minutes off', next: ['wait for chrony'] } },
  { event: 'interrupt', text: 'Finishing what runs, then stopping.' },
  {
    event: 'summary',
    ...numbers,
    command: 'up',
    cluster: 'home-lab',
    exitCode: 1,
    changes: 2,
    applied: 1,
    failed: 1,
    rehearsal: true,
    notes: ['kubectl --context home-lab get nodes'],
  },
];

export const statusEvents: readonly EngineEvent[] = [
  { ...start, command: 'status' },
  { event: 'plan', items: planItems },
  {
    event: 'summary',
    ...numbers,
    command: 'status',
    cluster: 'home-lab',
    exitCode: 4,
    changes: 2,
    rehearsal: false,
    notes: [],
  },
];

/** An output that keeps what is written. */
export function memory(): Output & { readonly text: () => string } {
  let text = '';
  return {
    write: (chunk) => {
      text += chunk;
      return true;
    },
    text: () => text,
  };
}

export function plainStyle(options: { columns?: number; unicode?: boolean; colour?: boolean } = {}): Style {
  return createStyle({ unicode: true, colour: false, ...options });
}
