import type { Command, CommandContext } from '../command.ts';
import { advance } from './daemons.ts';
import { LOCKS, type Microk8s } from './site.ts';

export const NOT_RUNNING = 'microk8s is not running, try microk8s start';
export const NOT_READY = 'microk8s is not running. Use microk8s inspect for a deeper inspection.';
const WORKER = 'This MicroK8s deployment is acting as a node in a cluster.';
const LOW_MEMORY = 'This node does not have enough RAM to host the Kubernetes control plane services';

/** What a command does before its own work, in the order of the table of sheet section 2. */
interface Preamble {
  /** Exit status on a worker, and the advice under the sentence. */
  worker?: { code: number; advice: string };
  /** What it does while MicroK8s is stopped: status says so and exits 0, most fail. */
  stopped?: { code: 0 | 1; stream: 'out' | 'err' };
  lowMemory?: boolean;
  /** Commands of the snap that insist on root exit 50. */
  root?: boolean;
}

/** A command with its preamble. `main` gets what the model knows of the node. */
export function guarded(
  preamble: Preamble,
  main: (context: CommandContext, mk: Microk8s) => Promise<number> | number,
): Command {
  return (context) => {
    const mk = context.rig.microk8s;
    if (!mk) {
      context.err('microk8s: command not found\n');
      return 127;
    }
    advance(context);
    const refused = refuse(context, mk, preamble);
    return refused ?? main(context, mk);
  };
}

function refuse(context: CommandContext, mk: Microk8s, preamble: Preamble): number | undefined {
  if (preamble.root && context.user !== 'root') {
    context.out('Elevated permissions is needed for this operation. Please run this command with sudo.\n');
    return 50;
  }
  if (!mayRead(context)) return insufficient(context);
  if (preamble.worker && mk.role === 'worker') {
    context.out(`${WORKER}\n${preamble.worker.advice}\n`);
    return preamble.worker.code;
  }
  if (preamble.lowMemory && lowMemory(context)) {
    context.out(`${LOW_MEMORY}\n`);
    return 1;
  }
  if (preamble.stopped && mk.stopped) {
    context[preamble.stopped.stream](`${NOT_RUNNING}\n`);
    return preamble.stopped.code;
  }
  return undefined;
}

export const PLEASE = 'Please use the control plane node.';

/** The low-memory guard was armed at install (sheet 1.2). */
export const lowMemory = ({ files }: CommandContext): boolean => files.exists(`${LOCKS}/low-memory-guard.lock`);

/** Root, or a member of group microk8s, reads the credentials. */
function mayRead({ user, files }: CommandContext): boolean {
  const line = (files.read('/etc/group') ?? '').split('\n').find((l) => l.startsWith('microk8s:'));
  return user === 'root' || (line?.split(':')[3] ?? '').split(',').includes(user);
}

function insufficient(context: CommandContext): number {
  const { user } = context;
  context.err(
    `Insufficient permissions to access MicroK8s.\nYou can either try again with sudo or add the user ${user} to the 'microk8s' group:\n\n` +
      `    sudo usermod -a -G microk8s ${user}\n    sudo chown -R ${user} ~/.kube\n\n` +
      "After this, reload the user groups either via a reboot or by running 'newgrp microk8s'.\n",
  );
  return 1;
}
