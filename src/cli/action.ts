import type { Summary } from '../engine/events.ts';
import { ExitCode, UserError } from '../errors.ts';
import { secrets } from '../redact.ts';
import { jsonRenderer } from '../render/json.ts';
import { programName } from '../render/style.ts';
import type { Context } from './context.ts';
import { problemsOf } from './report.ts';
import { problemAsTyped } from './typed.ts';

interface Flags {
  readonly json?: boolean;
  readonly rehearse?: boolean;
  readonly file?: string;
}

/** Runs a command to its exit code. A program that reads JSON gets a problem and a summary for every error too. */
export async function act(
  context: Context,
  command: string,
  flags: Flags,
  work: () => Promise<Pick<Summary, 'exitCode'>>,
): Promise<void> {
  try {
    context.finish((await work()).exitCode);
  } catch (error) {
    if (flags.json) sayInJson(context, command, flags, error);
    throw error;
  }
}

function sayInJson(context: Context, command: string, flags: Flags, error: unknown): void {
  const { listener } = jsonRenderer(context.io.stdout);
  const unexpected = { where: 'mlk8s', seen: 'unexpected error', next: ['see standard error'] };
  const typing = { rehearsal: flags.rehearse === true, program: programName(context.io.env), file: flags.file };
  for (const problem of problemsOf(error) ?? [unexpected]) {
    listener(secrets.value({ event: 'problem', problem: problemAsTyped(problem, typing) }));
  }
  listener({
    event: 'summary',
    command,
    cluster: '',
    exitCode: error instanceof UserError ? error.exitCode : ExitCode.failed,
    changes: 0,
    applied: 0,
    failed: 0,
    refused: 0,
    dropped: [],
    execs: {},
    seconds: 0,
    rehearsal: flags.rehearse === true,
    notes: [],
  });
}
