import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addFileOptions, type FileFlags } from './options.ts';

/** What `mlk8s logs` understands. */
export interface LogsFlags extends FileFlags {
  readonly last?: number;
  readonly json?: boolean;
}

/** `mlk8s logs` */
export function addLogs(program: Command, context: Context): void {
  const command = program
    .command('logs')
    .description('list the runs that are kept, or show what one of them said')
    .argument('[run]', 'a run of the list')
    .option('--last <n>', 'show the last run (1), the one before (2) …', fromOne)
    .option('--json', 'one JSON object per line');
  addFileOptions(command).action(async (run: string | undefined, flags: LogsFlags) => {
    const { showLogs } = await import('./journal-view.ts');
    await showLogs(context, run, flags);
  });
  addExamples(command, [
    ['mlk8s logs', 'list the runs'],
    ['mlk8s logs --last 1', 'show the last one'],
    ['mlk8s logs --last 1 --json', 'for a program'],
    ['mlk8s logs --last 1 --rehearse', 'of the rehearsal'],
  ]);
}

function fromOne(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}
