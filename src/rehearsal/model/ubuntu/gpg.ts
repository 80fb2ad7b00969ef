import { posix } from 'node:path';
import type { Command, CommandContext } from '../command.ts';
import { fail, parseOptions } from './arguments.ts';
import { KEY_LINE } from './third-party.ts';

const OPTIONS = {
  flags: ['--batch', '--yes', '--no-tty', '-q|--quiet', '--show-keys', '--with-colons', '--dearmor'],
  values: ['-o|--output', '--homedir'],
};

/** gpg of a machine, as far as one looks at keys and takes their armour off. */
export const gpg: Command = (context) => {
  const options = parseOptions(context.args, OPTIONS);
  const [path] = options.operands;
  if (options.problem || path === undefined) return fail(context, 'gpg: simulated machines only look at keys', 2);
  const text = context.files.read(posix.resolve(context.cwd, path));
  if (text === undefined) return fail(context, `gpg: can't open '${path}': No such file or directory`, 2);
  const prints = [...text.matchAll(KEY_LINE)].map(([, print = '']) => print);
  if (prints.length === 0) return fail(context, 'gpg: no valid OpenPGP data found.', 2);
  if (options.has('--show-keys')) return showKeys(context, prints, options.has('--with-colons'));
  const output = options.value('--output');
  if (!options.has('--dearmor') || output === undefined)
    return fail(context, 'gpg: simulated machines only look at keys', 2);
  context.files.write(posix.resolve(context.cwd, output), text.replaceAll(/^-----.*\n/gm, ''), 0o644);
  return 0;
};

/** doc/DETAILS of GnuPG: record, trust, length, algorithm, id, times, …; a fingerprint is the tenth field. */
function showKeys(context: CommandContext, prints: readonly string[], withColons: boolean): number {
  for (const print of prints) {
    if (withColons)
      context.out(`pub:-:4096:1:${print.slice(-16)}:1487788586:::-:::scESC::::::23::0:\nfpr:::::::::${print}:\n`);
    else context.out(`pub   rsa4096 2017-02-22 [SC]\n      ${print}\n`);
  }
  return 0;
}
