import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addUpOptions, collect, type UpFlags } from './options.ts';

/** What `mlk8s add-node` understands besides what `up` does. */
export interface AddNodeFlags extends UpFlags {
  readonly name: string;
  readonly role?: 'control-plane' | 'worker';
  readonly label: readonly string[];
}

/** `mlk8s add-node` */
export function addAddNode(program: Command, context: Context): void {
  const command = program
    .command('add-node')
    .description('prepare one more machine and join it to the cluster')
    .argument('<target>', 'the machine as [user@]address')
    .requiredOption('--name <name>', 'host name and node name')
    .addOption(new Option('--role <role>', 'what it does (default: worker)').choices(['control-plane', 'worker']))
    .option('--label <key=value>', 'Kubernetes label (repeatable)', collect, []);
  addUpOptions(command).action(async (target: string, flags: AddNodeFlags) => {
    const { act } = await import('./action.ts');
    const { addNode } = await import('./new-node.ts');
    await act(context, 'add-node', flags, () => addNode(context, target, flags));
  });
  command.addHelpText(
    'after',
    '\nThe machine is checked first and then written into the cluster file. What follows\nis mlk8s up for all machines, so that the others know the new one.',
  );
  addExamples(command, [
    ['mlk8s add-node lab@10.0.0.104 --name rig4', 'one more worker'],
    ['mlk8s add-node 10.0.0.105 --name rig5 --role control-plane --yes', 'a control plane, without asking'],
    ['mlk8s add-node 10.0.0.106 --name rig6 --label disk=ssd', 'with a label'],
    ['mlk8s add-node 10.0.0.104 --name rig4 --rehearse', 'with simulated machines'],
  ]);
}
