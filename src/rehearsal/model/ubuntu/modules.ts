import type { Command, CommandContext } from '../command.ts';
import { fail, withOptions } from './arguments.ts';
import { hasModule, loadModule, moduleName, modulePath, unloadModule } from './kernel-data.ts';
import { nvidiaLoads, nvidiaOnDisk, nvidiaPath, nvidiaRefusal, nvidiaUnloads } from './nvidia.ts';

/** modprobe of kmod 31 (sheet gpu-and-nodes 6: nvme_tcp). */
export const modprobe: Command = withOptions(
  {
    flags: [
      '-r|--remove',
      '-a|--all',
      '-q|--quiet',
      '-v|--verbose',
      '-n|--dry-run',
      '--first-time',
      '-b|--use-blacklist',
    ],
  },
  (context, options) => {
    const { rig } = context;
    const [first, ...others] = options.operands;
    if (first === undefined) return fail(context, 'modprobe: ERROR: missing parameters. See -h.');
    // Without --all, what follows the module are its parameters.
    const names = options.has('--all') || options.has('--remove') ? [first, ...others] : [first];
    for (const word of names) {
      const name = moduleName(word);
      if (!hasModule(rig, name)) {
        if (!options.has('--quiet')) {
          context.err(`modprobe: FATAL: Module ${word} not found in directory /lib/modules/${rig.os.kernel}\n`);
        }
        return 1;
      }
      if (options.has('--use-blacklist') && isBlacklisted(context, name)) continue;
      if (options.has('--dry-run')) continue;
      if (context.user !== 'root') {
        const act = options.has('--remove') ? 'remove' : 'insert';
        return fail(context, `modprobe: ERROR: could not ${act} '${name}': Operation not permitted`);
      }
      const refusal = name.startsWith('nvidia') && !options.has('--remove') ? nvidiaRefusal(rig) : undefined;
      if (refusal) return fail(context, `modprobe: ERROR: could not insert '${name}': ${refusal}`);
      if (options.has('--remove')) unloadModule(rig, name);
      else loadModule(rig, name);
      if (name === 'nvidia') (options.has('--remove') ? nvidiaUnloads : nvidiaLoads)(rig);
      if (options.has('--verbose')) context.out(`insmod ${modulePath(rig, name)} \n`);
    }
    context.changed();
    return 0;
  },
);

/** Whether /etc/modprobe.d keeps a module from being loaded by itself; modprobe by name loads it all the same. */
export function isBlacklisted(context: Pick<CommandContext, 'files'>, module: string): boolean {
  const folder = '/etc/modprobe.d';
  const lines = context.files
    .list(folder)
    .flatMap((name) => (context.files.read(`${folder}/${name}`) ?? '').split('\n'));
  return lines.some((line) => moduleName(line.trim()) === `blacklist ${module}`);
}

export const lsmod: Command = (context) => {
  if (context.args.length > 0) return fail(context, 'Usage: lsmod', 1);
  context.out('Module                  Size  Used by\n');
  for (const name of context.rig.modules.toReversed()) context.out(`${name.padEnd(20)} ${'61440'.padStart(7)}  0\n`);
  return 0;
};

export const modinfo: Command = withOptions(
  { flags: ['-n|--filename'], values: ['-F|--field', '-k|--set-version'] },
  (context, options) => {
    const { rig } = context;
    for (const word of options.operands) {
      const name = moduleName(word);
      if (!hasModule(rig, name)) return fail(context, `modinfo: ERROR: Module ${word} not found.`);
      const fields: Record<string, string> = {
        filename: name.startsWith('nvidia') ? nvidiaPath(rig, name) : modulePath(rig, name),
        name,
        vermagic: `${rig.os.kernel} SMP preempt mod_unload modversions `,
        ...(name.startsWith('nvidia') && { version: nvidiaOnDisk(rig) ?? '' }),
      };
      const field = options.value('--field');
      if (options.has('--filename')) context.out(`${fields.filename}\n`);
      else if (field !== undefined) context.out(fields[field] === undefined ? '' : `${fields[field]}\n`);
      else for (const [key, value] of Object.entries(fields)) context.out(`${`${key}:`.padEnd(16)}${value}\n`);
    }
    return 0;
  },
);
