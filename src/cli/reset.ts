import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addFileOptions, addMachineOptions, type MachineFlags, wholeNumber } from './options.ts';

/** What `mlk8s reset` understands. */
export interface ResetFlags extends MachineFlags {
  readonly lockWait: number;
  readonly confirm?: string;
}

/** `mlk8s reset` */
export function addReset(program: Command, context: Context): void {
  const command = program
    .command('reset')
    .description('undo what mlk8s did on the machines: MicroK8s goes, with all that it holds');
  addMachineOptions(addFileOptions(command))
    .option('--lock-wait <seconds>', 'wait so long for another run to end', wholeNumber(0), 0)
    .addOption(new Option('--confirm <cluster>', 'do not ask; the name of the cluster, typed out'))
    .action(async (flags: ResetFlags) => {
      const { act } = await import('./action.ts');
      const { resetMachines } = await import('./reset-machines.ts');
      await act(context, 'reset', flags, () => resetMachines(context, flags));
    });
  command.addHelpText(
    'after',
    `
It shows what it will undo and asks for the name of the cluster. It takes away
what mlk8s created, and gives back what mlk8s changed. It leaves what was there
before, packages, the firewall and SSH. With --host a machine leaves the cluster
first; the others go on. Interrupted, it is run again.

Exit code: 0 done or nothing to undo, 1 failed or refused, 3 the cluster file is
invalid, 4 machines dropped out, 5 locked by another run, 130 interrupted.`,
  );
  addExamples(command, [
    ['mlk8s reset', 'show what would be undone, ask, undo it'],
    ['mlk8s reset --host rig4', 'one machine leaves the cluster'],
    ['mlk8s reset --confirm home-lab', 'do not ask'],
    ['mlk8s reset --rehearse', 'with simulated machines'],
  ]);
}
