import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addFileOptions, addMachineOptions, type MachineFlags } from './options.ts';

/** `mlk8s doctor` */
export function addDoctor(program: Command, context: Context): void {
  const command = program.command('doctor').description('look for known failures and say what to do, change nothing');
  addMachineOptions(addFileOptions(command)).action(async (flags: MachineFlags) => {
    const { act } = await import('./action.ts');
    const { look, needCluster } = await import('./session.ts');
    const all = { ...flags, only: [], skip: [] };
    await act(context, 'doctor', flags, async () => look(context, 'doctor', await needCluster(context, flags), all));
  });
  command.addHelpText('after', '\nExit code: 0 nothing found, 2 findings, 4 machines that could not be looked at.');
  addExamples(command, [
    ['mlk8s doctor', 'what is wrong, and what helps?'],
    ['mlk8s doctor --host rig4', 'of the machines, look at this one only'],
    ['mlk8s doctor --json', 'for a program'],
  ]);
}
