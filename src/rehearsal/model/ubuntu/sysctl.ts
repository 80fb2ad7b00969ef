import type { Command, CommandContext } from '../command.ts';
import { fail, type Options, withOptions } from './arguments.ts';
import { setKey } from './kernel-data.ts';
import type { Site } from './site.ts';

const FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d'];

/** The rig's files in the order in which `sysctl --system` reads them: by name, /etc/sysctl.conf last. */
export function sysctlFiles(site: Pick<Site, 'files'>): string[] {
  const byName = new Map<string, string>();
  for (const folder of FOLDERS) {
    for (const name of site.files.list(folder)) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  const names = [...byName.keys()].toSorted();
  return [...names.map((name) => byName.get(name) ?? ''), '/etc/sysctl.conf'].filter((p) => site.files.exists(p));
}

/** The assignments of a sysctl file; blanks around `=` are free, a leading `-` lets errors pass. */
export function assignments(text: string): { key: string; value: string; lenient: boolean }[] {
  return text.split('\n').flatMap((line) => {
    const [, minus, key, value] = /^\s*(-?)\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined ? [] : [{ key: dotted(key), value: value ?? '', lenient: minus === '-' }];
  });
}

function dotted(key: string): string {
  return key.includes('.') && !/^[a-z]+\//.test(key) ? key : key.replaceAll('/', '.');
}

/** sysctl of procps 4. */
export const sysctl: Command = withOptions(
  {
    flags: [
      '-n|--values',
      '-N|--names',
      '-q|--quiet',
      '-w|--write',
      '-e|--ignore',
      '-a|-A|--all',
      '--system',
      '-b|--binary',
    ],
    optional: ['-p|-f|--load'],
  },
  run,
);

function run(context: CommandContext, options: Options): number {
  const { rig } = context;
  if (options.has('--system')) {
    const codes = sysctlFiles(context).map((file) => applyFile(context, options, file, true));
    return Math.max(0, ...codes);
  }
  const file = options.value('--load');
  if (file !== undefined) {
    const named = [file, ...options.operands].filter((f) => f !== '');
    const codes = (named.length > 0 ? named : ['/etc/sysctl.conf']).map((f) => applyFile(context, options, f, false));
    return Math.max(0, ...codes);
  }
  if (options.has('--all')) {
    for (const key of Object.keys(rig.sysctl).toSorted()) print(context, options, key);
    return 0;
  }
  let code = 0;
  for (const word of options.operands) {
    const at = word.indexOf('=');
    if (at >= 0) code = assign(context, options, dotted(word.slice(0, at).trim()), word.slice(at + 1).trim()) || code;
    else if (options.has('--write')) code = fail(context, `sysctl: "${word}" must be of the form name=value`);
    else if (rig.sysctl[dotted(word)] === undefined) code = unknown(context, options, word) || code;
    else print(context, options, dotted(word));
  }
  return code;
}

function applyFile(context: CommandContext, options: Options, file: string, isNamed: boolean): number {
  const text = context.files.read(file);
  if (text === undefined) return fail(context, `sysctl: cannot open "${file}": No such file or directory`);
  if (isNamed && !options.has('--quiet')) context.out(`* Applying ${file} ...\n`);
  let code = 0;
  for (const { key, value, lenient } of assignments(text)) {
    const failed = assign(context, options, key, value);
    if (!lenient) code = failed || code;
  }
  return code;
}

function assign(context: CommandContext, options: Options, key: string, value: string): number {
  const { rig } = context;
  if (rig.sysctl[key] === undefined) return unknown(context, options, key);
  if (context.user !== 'root') return fail(context, `sysctl: permission denied on key "${key}"`);
  if (/^-?\d+$/.test(rig.sysctl[key] ?? '') && !/^-?\d+$/.test(value)) {
    return fail(context, `sysctl: setting key "${key}": Invalid argument`);
  }
  setKey(rig, key, value);
  context.changed();
  if (!options.has('--quiet')) context.out(options.has('--values') ? `${value}\n` : `${key} = ${value}\n`);
  return 0;
}

function print(context: CommandContext, options: Options, key: string): void {
  const value = context.rig.sysctl[key] ?? '';
  if (options.has('--names')) context.out(`${key}\n`);
  else context.out(options.has('--values') ? `${value}\n` : `${key} = ${value}\n`);
}

function unknown(context: CommandContext, options: Options, key: string): number {
  if (options.has('--ignore')) return 0;
  return fail(context, `sysctl: cannot stat /proc/sys/${key.replaceAll('.', '/')}: No such file or directory`);
}
