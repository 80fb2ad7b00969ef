import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addPruneOption, addRunOptions, type PlanFlags } from './options.ts';

/** `mlk8s plan` */
export function addPlan(program: Command, context: Context): void {
  const command = program.command('plan').description('show what up would change, and change nothing');
  addPruneOption(addRunOptions(command)).action(async (flags: PlanFlags) => {
    const { act } = await import('./action.ts');
    const { look, needCluster } = await import('./session.ts');
    await act(context, 'plan', flags, async () => look(context, 'plan', await needCluster(context, flags), flags));
  });
  command.addHelpText('after', '\nExit code: 0 nothing to change, 2 changes to make.');
  addExamples(command, [
    ['mlk8s plan', 'what would change?'],
    ['mlk8s plan --only node --host rig4', 'one step on one machine'],
    ['mlk8s plan --prune', 'and what would be removed?'],
    ['mlk8s plan --json', 'for a program'],
    ['mlk8s plan --rehearse', 'with simulated machines'],
  ]);
}
