import type { Command } from '../command.ts';
import { archive } from './archive.ts';
import { fail, withOptions } from './arguments.ts';

/** apt-cache: show and policy. */
export const aptCache: Command = withOptions(
  { flags: ['-q|--quiet', '--no-all-versions'], values: ['-o|--option'] },
  (context, { operands: [verb, ...names] }) => {
    const offered = archive(context.rig);
    if (verb === 'policy') {
      for (const name of names.filter((n) => offered[n])) {
        const p = context.rig.packages[name];
        const installed = p && p.state !== 'config-files' ? p.version : '(none)';
        context.out(`${name}:\n  Installed: ${installed}\n  Candidate: ${offered[name]?.version}\n  Version table:\n`);
      }
      return 0;
    }
    if (verb !== 'show') return fail(context, `E: Invalid operation ${verb}`, 100);
    const found = names.filter((name) => offered[name]);
    for (const name of found) {
      context.out(`Package: ${name}\nArchitecture: ${context.rig.hardware.arch}\nVersion: ${offered[name]?.version}\n`);
      const depends = offered[name]?.depends;
      context.out(depends ? `Depends: ${depends.join(', ')}\n\n` : '\n');
    }
    for (const name of names.filter((n) => !offered[n])) context.err(`N: Unable to locate package ${name}\n`);
    return found.length > 0 ? 0 : fail(context, 'E: No packages found', 100);
  },
  100,
);
