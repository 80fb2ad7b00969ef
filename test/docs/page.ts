import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';

/** A page of this repository by its path, such as `docs/storage.md`. */
export function pageOf(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** What stands in the fenced blocks of one language, in their order. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, is, body = '']) =>
    is === language ? body : [],
  );
}

/** Every line that a reader is to type. */
export function typedIn(text: string): string[] {
  return blocks(text, 'sh').flatMap((block) => block.trim().split('\n'));
}

/**
 * Reads words after `mlk8s` as the command does and leaves out the act itself: unknown commands, options and choices
 * throw, and missing arguments.
 */
export async function understand(args: readonly string[]): Promise<void> {
  const nowhere = { write: () => true, isTTY: false };
  const io = { stdin: process.stdin, stdout: nowhere, stderr: nowhere, env: {}, cwd: '/' };
  const program = createProgram({ io, parts: {}, finish: () => {} } as unknown as Context);
  const disarm = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => {});
    for (const each of command.commands) disarm(each);
  };
  disarm(program);
  await program.parseAsync(args, { from: 'user' });
}
