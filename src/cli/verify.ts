import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addRunOptions, type VerifyFlags, wholeNumber } from './options.ts';

/** `mlk8s verify` */
export function addVerify(program: Command, context: Context): void {
  const command = program.command('verify').description('prove anew that what the file asks for works');
  addRunOptions(command)
    .option('--lock-wait <seconds>', 'wait so long for another run to end', wholeNumber(0), 0)
    .action(async (flags: VerifyFlags) => {
      const { act } = await import('./action.ts');
      const { needCluster, proveAnew } = await import('./session.ts');
      await act(context, 'verify', flags, async () => proveAnew(context, await needCluster(context, flags), flags));
    });
  command.addHelpText(
    'after',
    `
It runs pods that use what is there: a volume is written and read, a card
computes. They need room on the machines while they run, and are removed again.
Nothing else is changed. When each was proved is kept in the cluster, and status
shows it.

Exit code: 0 all proved, 1 something failed, 3 the cluster file is invalid, 4
machines dropped out, 5 locked by another run, 130 interrupted.`,
  );
  addExamples(command, [
    ['mlk8s verify', 'all proofs of the file'],
    ['mlk8s verify --only storage', 'those of one step'],
    ['mlk8s verify --host rig4', 'those about one machine'],
    ['mlk8s verify --json', 'for a program'],
    ['mlk8s verify --rehearse', 'with simulated machines'],
  ]);
}
