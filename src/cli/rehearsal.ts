import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples } from './options.ts';

interface Flags {
  readonly file?: string;
}

/** `mlk8s rehearsal …` */
export function addRehearsal(program: Command, context: Context): void {
  const group = program
    .command('rehearsal')
    .description('look at the simulated machines of --rehearse, break them, or throw them away');
  addExec(group, context);
  addDump(group, context);
  addReset(group, context);
  addExamples(group, [
    ['mlk8s rehearsal exec rig1 -- snap list', 'run a command on a simulated machine'],
    ['mlk8s rehearsal dump', 'everything that the simulation knows'],
    ['mlk8s rehearsal reset', 'throw it away'],
  ]);
}

function addExec(group: Command, context: Context): void {
  const command = group
    .command('exec')
    .description('run a command on a simulated machine; its exit code is passed on')
    .argument('<name>', 'name of the machine')
    .argument('<command...>', 'the command, after --');
  addFile(command).action(async (name: string, argv: readonly string[], flags: Flags) => {
    const { execInRig } = await import('./rehearsal-actions.ts');
    await execInRig(context, flags, name, argv);
  });
  addExamples(command, [
    ['mlk8s rehearsal exec rig1 -- snap list', 'look'],
    ['mlk8s rehearsal exec rig1 -- rm /etc/hosts', 'break something, then: mlk8s plan --rehearse'],
  ]);
}

function addDump(group: Command, context: Context): void {
  const command = group
    .command('dump')
    .description('print the whole state of the simulated machines')
    .option('--json', 'on one line, for a program');
  addFile(command).action(async (flags: Flags & { readonly json?: boolean }) => {
    const { dumpRigs } = await import('./rehearsal-actions.ts');
    await dumpRigs(context, flags);
  });
  addExamples(command, [['mlk8s rehearsal dump --json', 'for a program']]);
}

function addReset(group: Command, context: Context): void {
  const command = group
    .command('reset')
    .description('throw the simulated machines away; the next rehearsal starts anew');
  addFile(command)
    .option('--all', 'those of all clusters, whatever the cluster file says')
    .action(async (flags: Flags & { readonly all?: boolean }) => {
      const { resetRigs } = await import('./rehearsal-actions.ts');
      await resetRigs(context, flags);
    });
  addExamples(command, [
    ['mlk8s rehearsal reset', 'of the cluster file in this folder, or of the sample'],
    ['mlk8s rehearsal reset --all', 'of all clusters'],
  ]);
}

function addFile(command: Command): Command {
  return command.option('-f, --file <file>', 'cluster file (default: as in mlk8s up --rehearse)');
}
