import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addFileOptions, addMachineOptions, type MachineFlags } from './options.ts';

interface CostFlags extends MachineFlags {
  readonly by?: 'node' | 'namespace';
  readonly plot?: string;
}

/** `mlk8s cost` */
export function addCost(program: Command, context: Context): void {
  const command = program.command('cost').description('what the cluster costs at home, and would cost in a cloud');
  addMachineOptions(addFileOptions(command))
    .addOption(new Option('--by <rows>', 'only this table; the picture has these rows').choices(['node', 'namespace']))
    .option('--plot <file>', 'write a picture (SVG)', pictureName)
    .action(async (flags: CostFlags) => {
      const { act } = await import('./action.ts');
      const { reckon } = await import('./cost-session.ts');
      await act(context, 'cost', flags, () => reckon(context, flags));
    });
  command.addHelpText(
    'after',
    `
Cloud prices are list prices, each with its date and source. At home it is the
electricity: watts from cost.watts of the cluster file, else measured now, else
from a table; which of the three is said for each machine. Machines are asked
once each, and nothing is changed.

Exit code: 0 reckoned, 1 there is no cluster to reckon, 4 machines that could
not be looked at.`,
  );
  addExamples(command, [
    ['mlk8s cost', 'by machine and by namespace'],
    ['mlk8s cost --by namespace', 'who uses it'],
    ['mlk8s cost --plot cost.svg', 'as a picture'],
    ['mlk8s cost --json', 'for a program'],
    ['mlk8s cost --rehearse', 'with simulated machines'],
  ]);
}

/** What opens a file goes by the end of its name. */
function pictureName(name: string): string {
  if (/\.svg$/i.test(name)) return name;
  throw new InvalidArgumentError('The picture is SVG: its name must end in .svg.');
}

export type { CostFlags };
