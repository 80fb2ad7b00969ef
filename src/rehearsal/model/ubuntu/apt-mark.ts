import type { Command, CommandContext } from '../command.ts';
import { archive } from './archive.ts';
import { fail, withOptions } from './arguments.ts';

/** apt-mark: hold, unhold, showhold. */
export const aptMark: Command = withOptions(
  {},
  (context, { operands }) => {
    const [verb, ...names] = operands;
    const { packages } = context.rig;
    if (verb === 'showhold') {
      const held = Object.keys(packages).filter((name) => packages[name]?.held);
      context.out(
        held
          .toSorted()
          .map((name) => `${name}\n`)
          .join(''),
      );
      return 0;
    }
    if (verb === 'showmanual' || verb === 'manual' || verb === 'auto') return 0;
    if (verb !== 'hold' && verb !== 'unhold') return fail(context, `E: Invalid operation ${verb}`, 100);
    if (context.user !== 'root') {
      context.err(
        `E: Could not create temporary file for /var/lib/apt/extended_states - mkstemp (13: Permission denied)\n`,
      );
      return fail(context, 'E: Failed to write temporary StateFile /var/lib/apt/extended_states', 100);
    }
    for (const name of names) hold(context, name, verb === 'hold');
    return names.every((name) => packages[name] || archive(context.rig)[name]) ? 0 : 100;
  },
  100,
);

function hold(context: CommandContext, name: string, held: boolean): void {
  const p = context.rig.packages[name];
  if (!p) {
    if (archive(context.rig)[name])
      context.err(`E: Can't select installed nor candidate version from package '${name}'\n`);
    else context.err(`E: Unable to locate package ${name}\n`);
  } else if (Boolean(p.held) === held) {
    context.out(`${name} was already ${held ? 'set on hold' : 'not on hold'}.\n`);
  } else {
    context.out(held ? `${name} set on hold.\n` : `Canceled hold on ${name}.\n`);
    p.held = held;
    context.changed();
  }
}
