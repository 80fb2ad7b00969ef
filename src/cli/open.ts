import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addVisitOptions, type VisitFlags, wholeNumber } from './options.ts';

/** What `mlk8s open` understands. */
export interface OpenFlags extends VisitFlags {
  /** 0: one that is free. */
  readonly port: number;
  readonly browser: boolean;
}

/** `mlk8s open` */
export function addOpen(program: Command, context: Context): void {
  const command = program
    .command('open')
    .description('open something that runs in the cluster, through the SSH connection')
    .argument('<name>', 'what, such as grafana')
    .addOption(
      new Option('--port <n>', 'port on this machine').argParser(wholeNumber(1, 65_535)).default(0, 'one that is free'),
    )
    .option('--no-browser', 'only print the address');
  addVisitOptions(command).action(async (name: string, flags: OpenFlags) => {
    const { act } = await import('./action.ts');
    const { openService } = await import('./open-action.ts');
    await act(context, 'open', flags, () => openService(context, name, flags));
  });
  command.addHelpText(
    'after',
    `
Only this machine can use the address, and only until Ctrl-C. Nothing has to be
reachable from here but SSH on a control plane.

Exit code: 0 closed by Ctrl-C, 1 it could not be opened: why is said.`,
  );
  addExamples(command, [
    ['mlk8s open grafana', 'dashboards in the browser'],
    ['mlk8s open prometheus --port 9090', 'at http://127.0.0.1:9090'],
    ['mlk8s open grafana --no-browser', 'print the address only'],
    ['mlk8s open grafana --rehearse', 'what it looks like, with simulated machines'],
  ]);
}
