import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { realParts } from '../../src/cli/parts.ts';
import { createProgram } from '../../src/cli/program.ts';
import { steps } from '../../src/steps/index.ts';
import { freshWorld } from './world.ts';

const world = freshWorld();

/** All commands, each with the words that call it. Every action is replaced by nothing. */
function commandsOf(parent: Command, path: readonly string[] = []): { path: readonly string[]; command: Command }[] {
  return parent.commands.flatMap((command) => {
    const own = [...path, command.name()];
    return [{ path: own, command }, ...commandsOf(command, own)];
  });
}

function programWithoutActions(): { program: Command; help: (command: Command) => string } {
  let text = '';
  const stdout = {
    write: (chunk: string) => {
      text += chunk;
      return true;
    },
  };
  const io = { stdin: process.stdin, stdout, stderr: stdout, env: {}, cwd: '/' };
  const program = createProgram({ io, parts: realParts, finish: () => {} });
  for (const { command } of commandsOf(program)) if (command.commands.length === 0) command.action(() => {});
  const help = (command: Command): string => {
    text = '';
    command.outputHelp();
    return text;
  };
  return { program, help };
}

const names = commandsOf(programWithoutActions().program).map(({ path }) => path.join(' '));

describe.each(['', ...names])('the help of mlk8s %s', (name) => {
  const { program, help } = programWithoutActions();
  const command = commandsOf(program).find(({ path }) => path.join(' ') === name)?.command ?? program;
  const text = help(command);
  const examples = text.split('Examples:\n')[1]?.trimEnd().split('\n') ?? [];

  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  test.each(examples)('%s', async (line) => {
    const [words = '', does] = line.trim().split(/ +# /);
    expect(does).toBeTruthy();
    const [first, ...args] = words.split(' ');
    expect(first).toBe('mlk8s');
    await programWithoutActions().program.parseAsync(args, { from: 'user' });
    const named = args.filter((_, index) => ['--only', '--skip'].includes(args[index - 1] ?? ''));
    expect(steps.map((step) => step.name)).toEqual(expect.arrayContaining(named));
  });

  test('says each default once', () => {
    expect(text.replace(/\s+/g, ' ')).not.toMatch(/\(default: [^()]*\) \(default: /);
  });

  test('says nothing about empty lists', () => {
    expect(text).not.toContain('[])');
  });
});

test('the help of all commands ends with exit code 0', async () => {
  for (const name of names) {
    const { code, out } = await world().mlk8s(...name.split(' '), '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Usage: mlk8s ${name}`);
  }
});
