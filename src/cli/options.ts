import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where a command finds its cluster. */
export interface FileFlags {
  readonly file?: string;
  readonly rehearse?: boolean;
}

/** What all commands that connect to machines understand. */
export interface MachineFlags extends FileFlags {
  readonly json?: boolean;
  readonly host: readonly string[];
  readonly parallel: number;
  readonly acceptNewHostKeys?: boolean;
  readonly fault: readonly string[];
}

/** What commands understand that ask the control planes and nobody else. */
export interface VisitFlags extends FileFlags {
  readonly json?: boolean;
  readonly acceptNewHostKeys?: boolean;
  readonly fault: readonly string[];
}

/** What all commands that look at steps understand. */
export interface RunFlags extends MachineFlags {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/** What `plan` understands. */
export interface PlanFlags extends RunFlags {
  readonly prune?: boolean;
  readonly deleteData?: readonly string[];
}

/** What `verify` understands. */
export interface VerifyFlags extends RunFlags {
  readonly lockWait: number;
}

/** What all commands that change machines understand besides. */
export interface UpFlags extends PlanFlags {
  readonly yes?: boolean;
  readonly lockWait: number;
  readonly wipeNode: readonly string[];
}

/** The cluster file that is taken without -f. */
export const DEFAULT_FILE = 'mlk8s.yaml';

const DEFAULT_PARALLEL = 10;
const REHEARSAL = 'Rehearsal:';

/** Which cluster, and whether it is simulated. */
export function addFileOptions(command: Command): Command {
  return command
    .option('-f, --file <file>', `cluster file (default: ${DEFAULT_FILE} in this folder)`)
    .addOption(new Option('--rehearse', 'simulated machines instead of real ones').helpGroup(REHEARSAL));
}

/** What a command understands that works through the steps. */
export function addRunOptions(command: Command): Command {
  addFileOptions(command)
    .option('--only <step>', 'this step alone (repeatable)', collect, [])
    .option('--skip <step>', 'leave this step out (repeatable)', collect, []);
  return addMachineOptions(command);
}

/** What a command understands that goes to every machine, whatever the steps. */
export function addMachineOptions(command: Command): Command {
  command
    .option('--json', 'one JSON object per event on standard output')
    .option('--host <name>', 'work on this machine only (repeatable)', collect, [])
    .option('--parallel <n>', 'most machines worked on at the same time', wholeNumber(1), DEFAULT_PARALLEL);
  return addConnectOptions(command);
}

/** What a command understands that asks the control planes and nobody else. */
export function addVisitOptions(command: Command): Command {
  return addConnectOptions(addFileOptions(command).option('--json', 'for a program'));
}

function addConnectOptions(command: Command): Command {
  return command
    .option('--accept-new-host-keys', 'trust machines that are seen for the first time')
    .addOption(
      new Option('--fault <spec>', 'let a simulated machine fail, such as rig2:drop@exec2 (repeatable)')
        .argParser(collect)
        .default([])
        .helpGroup(REHEARSAL),
    );
}

/** What a command understands that changes machines by the steps. */
export function addUpOptions(command: Command): Command {
  return addRunOptions(command)
    .option('-y, --yes', 'do not ask')
    .option('--lock-wait <seconds>', 'wait so long for another run to end', wholeNumber(0), 0)
    .option('--wipe-node <name>', 'remove the MicroK8s of its own that this machine has (repeatable)', collect, []);
}

/** What a command understands that takes away what left the file. */
export function addPruneOption(command: Command): Command {
  return command
    .option('--prune', 'take away what mlk8s made and the file does not ask for any more')
    .option(
      '--delete-data <name>',
      'and the data of this database, or namespace of a Kubeflow user (repeatable)',
      collect,
      [],
    );
}

/** Examples at the end of a help text, each a command that can be typed. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [command: string, does: string])[],
): Command {
  const column = Math.max(...examples.map(([text]) => text.length));
  const lines = examples.map(([text, does]) => `  ${text.padEnd(column)}  # ${does}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Argument parser of a repeatable option. Nothing that it may name begins with a dash. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  if (value.startsWith('-')) throw new InvalidArgumentError(`A name is missing: ${value} is an option.`);
  return [...before, value];
}

/** Argument parser of a whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number, ${range}.`);
  };
}
