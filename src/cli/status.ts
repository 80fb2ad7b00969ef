import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addRunOptions, type RunFlags } from './options.ts';

/** `mlk8s status` */
export function addStatus(program: Command, context: Context): void {
  const command = program
    .command('status')
    .description('is everything that the file asks for there, and does it work?');
  addRunOptions(command).action(async (flags: RunFlags) => {
    const { act } = await import('./action.ts');
    const { look, needCluster } = await import('./session.ts');
    await act(context, 'status', flags, async () => look(context, 'status', await needCluster(context, flags), flags));
  });
  command.addHelpText('after', '\nExit code: 0 all is there, 2 degraded: what is missing or drifted is named.');
  addExamples(command, [
    ['mlk8s status', 'how everything stands'],
    ['mlk8s status --only microk8s', 'one step'],
    ['mlk8s status --json', 'for a program'],
  ]);
}
