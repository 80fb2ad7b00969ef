import type { Command } from './command.ts';
import { microk8sCommands } from './microk8s/commands.ts';
import { advance } from './microk8s/daemons.ts';
import { packagePrograms, ubuntuCommands } from './ubuntu/commands.ts';
import { settle } from './ubuntu/settle.ts';
import { standIn } from './ubuntu/stand-ins.ts';

/** `snap alias microk8s.kubectl kubectl` and its kin. */
const ALIASES = Object.fromEntries(
  ['kubectl', 'helm', 'helm3'].flatMap((name) => {
    const command = microk8sCommands[`microk8s.${name}`];
    return command ? [[name, command]] : [];
  }),
);

const OPTIONAL = { ...packagePrograms, ...ALIASES, ...microk8sCommands, 'dbeaver-ce': standIn };

/** Names that are not there on a fresh machine: a package or a snap brings them. */
export const optionalCommands: readonly string[] = Object.keys(OPTIONAL);

/** Every simulated command by its name. Each finds the machine as it is at that moment. */
export const commands: Record<string, Command> = Object.fromEntries(
  Object.entries({ ...ubuntuCommands, ...OPTIONAL }).map(([name, command]) => [name, settled(command)]),
);

function settled(command: Command): Command {
  return (context) => {
    settle(context);
    advance(context);
    return command(context);
  };
}
