import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addVisitOptions, type VisitFlags } from './options.ts';

/** `mlk8s credentials` */
export function addCredentials(program: Command, context: Context): void {
  const command = program
    .command('credentials')
    .description('names and passwords of what runs in the cluster')
    .argument('[name]', 'of this service only');
  addVisitOptions(command).action(async (name: string | undefined, flags: VisitFlags) => {
    const { act } = await import('./action.ts');
    const { showCredentials } = await import('./credentials-action.ts');
    await act(context, 'credentials', flags, () => showCredentials(context, name, flags));
  });
  command.addHelpText(
    'after',
    `
They are read from Secrets in the cluster, where mlk8s made them once, and are
shown here and nowhere else: no journal and no error message holds them.

Exit code: 0 shown, 1 there is no cluster or a Secret is missing.`,
  );
  addExamples(command, [
    ['mlk8s credentials', 'all of them'],
    ['mlk8s credentials grafana', 'one'],
    ['mlk8s credentials grafana --json', 'for a program'],
  ]);
}
