import { type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addVisitOptions, type VisitFlags } from './options.ts';

/** What `mlk8s alert test` understands. */
export interface AlertFlags extends VisitFlags {
  readonly severity: 'info' | 'warning' | 'critical';
}

/** `mlk8s alert …` */
export function addAlert(program: Command, context: Context): void {
  const group = program.command('alert').description('try whether alerts reach you');
  const command = group
    .command('test')
    .description('send one alert through Alertmanager and watch it go out')
    .addOption(
      new Option('--severity <severity>', 'how bad it says it is')
        .choices(['info', 'warning', 'critical'])
        .default('warning'),
    );
  addVisitOptions(command).action(async (flags: AlertFlags) => {
    const { act } = await import('./action.ts');
    const { sendTestAlert } = await import('./alert-action.ts');
    await act(context, 'alert test', flags, () => sendTestAlert(context, flags));
  });
  command.addHelpText(
    'after',
    `
Alertmanager collects alerts for half a minute before it tells anybody. The alert
says that it is a test and ends by itself after five minutes.

Exit code: 0 it went out everywhere, 1 somewhere it did not: where and why is said.`,
  );
  addExamples(command, [
    ['mlk8s alert test', 'does it reach me?'],
    ['mlk8s alert test --severity critical', 'as a bad one'],
    ['mlk8s alert test --rehearse --fault rig1:alertfails:telegram', 'what if Telegram refuses it?'],
  ]);
  addExamples(group, [['mlk8s alert test', 'does it reach me?']]);
}
