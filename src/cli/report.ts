import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, type Problem, UserError } from '../errors.ts';
import { stateDir } from '../paths.ts';
import { secrets } from '../redact.ts';
import { problemLines } from '../render/problem.ts';
import { styleFor } from '../render/style.ts';
import { HostError } from '../transport/host.ts';
import { problemAsTyped } from './typed.ts';

/** Says what ended the command, on standard error, and gives its exit code. */
export function report(error: unknown, args: readonly string[], version: string): number {
  const style = styleFor(process.stderr, process.env);
  const problems = problemsOf(error) ?? [unexpected(error, args, version)];
  const typing = { rehearsal: isRehearsal(args), program: style.program, file: fileOf(args) };
  const lines = problems.flatMap((it) => problemLines(secrets.value(problemAsTyped(it, typing)), style));
  process.stderr.write(`${lines.join('\n')}\n`);
  return error instanceof UserError ? error.exitCode : ExitCode.failed;
}

/** Read from the words themselves: the error may be about one that makes no sense. */
function isRehearsal(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args[0] === 'rehearsal' || args.slice(0, end < 0 ? args.length : end).includes('--rehearse');
}

/** The cluster file that they name. */
function fileOf(args: readonly string[]): string | undefined {
  const at = args.findIndex((word) => word === '-f' || word === '--file');
  const joined = args.find((word) => word.startsWith('--file='))?.slice('--file='.length);
  return at < 0 ? joined : args[at + 1];
}

/** The problems of an error that a user can cause; undefined for any other. */
export function problemsOf(error: unknown): readonly Problem[] | undefined {
  if (error instanceof UserError) return error.problems;
  return error instanceof HostError ? [error.problem] : undefined;
}

/** A fault of mlk8s: one line for people, the rest in a file that can go into an issue. */
function unexpected(error: unknown, args: readonly string[], version: string): Problem {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const seen = `unexpected error: ${text.split('\n', 1)[0]}`;
  const details = [`mlk8s ${version}, Node ${process.version}, ${process.platform}`, `mlk8s ${args.join(' ')}`, text];
  try {
    const folder = join(stateDir(), 'crashes');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.txt`);
    writeFileSync(path, secrets.text(`${details.join('\n')}\n`), { mode: 0o600 });
    return { where: 'mlk8s', seen, why: 'this is a fault of mlk8s', next: [`report it with ${path}`] };
  } catch {
    return { where: 'mlk8s', seen, why: 'this is a fault of mlk8s', next: ['report it with the text above'] };
  }
}
