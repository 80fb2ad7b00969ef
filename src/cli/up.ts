import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addPruneOption, addUpOptions, type UpFlags } from './options.ts';

/** `mlk8s up` */
export function addUp(program: Command, context: Context): void {
  const command = program.command('up').description('bring the cluster to what its file says');
  addPruneOption(addUpOptions(command)).action(async (flags: UpFlags) => {
    const { act } = await import('./action.ts');
    const { bringUp, findCluster } = await import('./session.ts');
    await act(context, 'up', flags, async () => {
      const found = await findCluster(context, flags);
      const cluster = found ?? (await (await import('./offer.ts')).clusterOfThisMachine(context, flags));
      return bringUp(context, 'up', cluster, flags);
    });
  });
  command.addHelpText(
    'after',
    `
First run, run again, repair and resume are this one command. It shows the plan
and asks before it changes anything. Ctrl-C once finishes what runs and stops;
twice lets go at once, and the machines go on with what they were doing. Without
a cluster file it offers to make this machine a cluster of one node.

With --prune it also removes what mlk8s made for sections, users and parts that
are not in the file any more. What was there before stays, and so does data: where
it would be lost it says which, and removes nothing of that. A database, or the
namespace of a user of Kubeflow, goes with all that it holds when --delete-data
names it.

Exit code: 0 done, 1 failed, 3 the cluster file is invalid, 4 machines dropped
out, 5 locked by another run, 130 interrupted.`,
  );
  addExamples(command, [
    ['mlk8s up', 'show the plan, ask, do it'],
    ['mlk8s up --yes', 'do not ask'],
    ['mlk8s up --only node --host rig4', 'one step on one machine'],
    ['mlk8s up --prune', 'remove what left the file'],
    ['mlk8s up --prune --delete-data redis', 'and the data of a database, for good'],
    ['mlk8s up --prune --delete-data kubeflow-ben', 'and all that Ben has in Kubeflow'],
    ['mlk8s up --lock-wait 600', 'wait for the run of somebody else'],
    ['mlk8s up --rehearse', 'try it with simulated machines'],
    ['mlk8s up --rehearse --fault rig2:drop@exec2', 'what if the connection to rig2 drops?'],
  ]);
}
