import { Command, CommanderError, Help, type Option } from 'commander';
import { UserError } from '../errors.ts';
import { addAddNode } from './add-node.ts';
import { addAlert } from './alert.ts';
import { addCa } from './ca.ts';
import { addConnect } from './connect.ts';
import type { Context } from './context.ts';
import { addCost } from './cost.ts';
import { addCredentials } from './credentials.ts';
import { addDoctor } from './doctor.ts';
import { addInit } from './init.ts';
import { addLogs } from './logs.ts';
import { addOpen } from './open.ts';
import { addExamples } from './options.ts';
import { realParts } from './parts.ts';
import { addPlan } from './plan.ts';
import { addRehearsal } from './rehearsal.ts';
import { addReset } from './reset.ts';
import { addStatus } from './status.ts';
import { addUp } from './up.ts';
import { addVerify } from './verify.ts';

/** Runs the command that `args` name and gives its exit code. */
export async function run(args: readonly string[], surroundings: Omit<Context, 'finish'> = real()): Promise<number> {
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const program = createProgram({ ...surroundings, finish });
  try {
    await program.parseAsync(upToUnknown(args, program), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return error.exitCode;
    throw usageError(error, args, program);
  }
  return exitCode;
}

/** All commands. Their modules hold words; what they do is loaded when they run. */
export function createProgram(context: Context): Command {
  const { stdout, stderr } = context.io;
  const program = new Command('mlk8s')
    .description('Turns Ubuntu machines into a machine-learning cluster on MicroK8s.')
    .option('-V, --version', 'print the version')
    .exitOverride()
    .configureHelp({ optionDescription })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Shown as every other error, by who ends the process.
      outputError: () => {},
      ...(stdout.isTTY && stdout.columns ? { getOutHelpWidth: () => stdout.columns ?? 80 } : {}),
    });
  for (const add of [
    addInit,
    addPlan,
    addUp,
    addStatus,
    addVerify,
    addDoctor,
    addCost,
    addAddNode,
    addReset,
    addOpen,
    addConnect,
    addCredentials,
    addCa,
    addAlert,
    addLogs,
    addRehearsal,
  ])
    add(program, context);
  addExamples(program, [
    ['mlk8s init', 'write a cluster file'],
    ['mlk8s plan', 'what would change?'],
    ['mlk8s up', 'bring the cluster to what the file says'],
    ['mlk8s up --rehearse', 'try it with simulated machines'],
  ]);
  return program;
}

/** An empty list is no default worth a word. */
function optionDescription(option: Option): string {
  return Array.isArray(option.defaultValue) ? option.description : new Help().optionDescription(option);
}

/** The commands that the first words name, each one a command of the one before. */
function commandsIn([word, ...rest]: readonly string[], parent: Command): Command[] {
  const found = parent.commands.find((command) => command.name() === word);
  return found ? [found, ...commandsIn(rest, found)] : [];
}

/** A command that there is not has no help: without the words after it commander says so. */
function upToUnknown(args: readonly string[], program: Command): readonly string[] {
  const found = commandsIn(args, program);
  const word = args[found.length];
  const isGroup = (found.at(-1) ?? program).commands.length > 0;
  const isCommand = word === undefined || word.startsWith('-') || word === 'help';
  return isGroup && !isCommand ? args.slice(0, found.length + 1) : args;
}

function usageError(error: CommanderError, args: readonly string[], program: Command): UserError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const guess = rest.map((line) => line.replace(/^\((.*)\)$/, '$1').replace(/^Did you mean/, 'did you mean'));
  const names = commandsIn(args, program).map((command) => `${command.name()} `);
  const help = `mlk8s ${names.join('')}--help shows what there is`;
  return new UserError({ where: 'command line', seen: first, next: [...guess, help] });
}

function real(): Omit<Context, 'finish'> {
  const { stdin, stdout, stderr, env } = process;
  return { io: { stdin, stdout, stderr, env, cwd: process.cwd() }, parts: realParts };
}
