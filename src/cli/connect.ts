import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addVisitOptions, type VisitFlags, wholeNumber } from './options.ts';

/** What `mlk8s connect` understands. */
export interface ConnectFlags extends VisitFlags {
  readonly port: number;
}

/** `mlk8s connect` */
export function addConnect(program: Command, context: Context): void {
  const command = program
    .command('connect')
    .description('reach a database of the cluster, through the SSH connection')
    .argument('<database>', 'postgres, redis, milvus or dynamodb')
    .addOption(
      new Option('--port <n>', 'port on this machine').argParser(wholeNumber(1, 65_535)).default(0, 'one that is free'),
    );
  addVisitOptions(command).action(async (name: string, flags: ConnectFlags) => {
    const { act } = await import('./action.ts');
    const { connect } = await import('./connect-action.ts');
    await act(context, 'connect', flags, () => connect(context, name, flags));
  });
  command.addHelpText(
    'after',
    `
Prints the address as programs take it, with the login in it, and a command that
connects. Both work on this machine only, and only until Ctrl-C. What is printed
is kept in no journal.

Exit code: 0 closed by Ctrl-C, 1 it could not be reached: why is said.`,
  );
  addExamples(command, [
    ['mlk8s connect postgres', 'then, in another window, the psql that it prints'],
    ['mlk8s connect redis --port 6379', 'at a port that you choose'],
    ['mlk8s connect postgres --json', 'for a program'],
    ['mlk8s connect milvus --rehearse', 'what it looks like, with simulated machines'],
  ]);
}
