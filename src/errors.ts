/**
 * A problem in the four parts that every error of mlk8s has.
 * `where` is `file:line:column`, or host and step; `seen` what was observed; `why` what likely caused it;
 * `next` what to type or do next, one line each.
 */
export interface Problem {
  readonly where: string;
  readonly seen: string;
  readonly why?: string;
  readonly next: readonly string[];
}

/** Exit codes, strongest first when several apply: invalid, locked, interrupted, failed, partial, pending, done. */
export const ExitCode = {
  done: 0,
  failed: 1,
  pending: 2,
  invalid: 3,
  partial: 4,
  locked: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a user can cause is thrown as this: printed in four parts, never with a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;

  constructor(problems: Problem | readonly Problem[], exitCode: ExitCode = ExitCode.failed) {
    const all = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(all.map((p) => `${p.where}: ${p.seen}`).join('\n'));
    this.problems = all;
    this.exitCode = exitCode;
  }
}
