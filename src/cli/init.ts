import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, collect, DEFAULT_FILE } from './options.ts';

/** What `mlk8s init` understands. */
export interface InitFlags {
  readonly node: readonly string[];
  readonly channel?: string;
  readonly user?: string;
  readonly local?: boolean;
  readonly file: string;
  readonly force?: boolean;
}

/** `mlk8s init` */
export function addInit(program: Command, context: Context): void {
  const command = program
    .command('init')
    .description('write a cluster file; without options it asks')
    .argument('[name]', 'name of the cluster')
    .option(
      '--node <spec>',
      'a machine as NAME=[user@]ADDRESS[:control-plane|:worker] (repeatable; the first is a control plane)',
      collect,
      [],
    )
    .option('--channel <channel>', 'MicroK8s channel, such as 1.35/stable')
    .option('--user <name>', 'login name on all machines')
    .option('--local', 'this machine is a control plane, reached without SSH')
    .option('-f, --file <file>', 'where to write', DEFAULT_FILE)
    .option('--force', 'overwrite the file that is there')
    .action(async (name: string | undefined, flags: InitFlags) => {
      const { writeClusterFile } = await import('./new-file.ts');
      await writeClusterFile(context, name, flags);
    });
  addExamples(command, [
    ['mlk8s init', 'ask for everything'],
    ['mlk8s init home-lab --local', 'a cluster of this machine'],
    ['mlk8s init home-lab --user lab --node rig1=10.0.0.101 --node rig2=10.0.0.102', 'two machines'],
    ['mlk8s init --node rig1=lab@10.0.0.101:control-plane --force', 'overwrite the file that is there'],
  ]);
}
