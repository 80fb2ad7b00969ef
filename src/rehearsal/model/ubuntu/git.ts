import type { Command, CommandContext } from '../command.ts';
import { fail, parseOptions } from './arguments.ts';

/** Values by `section.key`. */
type Config = Map<string, string>;

const OPTIONS = { flags: ['--global', '--includes', '--get', '--unset', '--unset-all'] };

/** git, as far as it is asked who commits: `git config --global`. */
export const git: Command = (context) => {
  const [verb, ...words] = context.args;
  if (verb === '--version') {
    context.out('git version 2.43.0\n');
    return 0;
  }
  const options = parseOptions(words, OPTIONS);
  const [key = '', value] = options.operands;
  if (verb !== 'config' || options.problem || !options.has('--global') || !/^\w+\.\w+$/.test(key)) {
    return fail(context, 'git: simulated machines know only "git config --global SECTION.KEY"', 128);
  }
  const config = read(context);
  if (options.has('--unset') || options.has('--unset-all')) {
    if (!config.delete(key)) return 5;
    write(context, config);
    return 0;
  }
  if (value === undefined) {
    const found = config.get(key);
    if (found === undefined) return 1;
    context.out(`${found}\n`);
    return 0;
  }
  config.set(key, value);
  write(context, config);
  return 0;
};

const path = ({ env }: CommandContext) => `${env.HOME ?? ''}/.gitconfig`;

function read(context: CommandContext): Config {
  const config: Config = new Map();
  let section = '';
  for (const line of (context.files.read(path(context)) ?? '').split('\n')) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value = ''] = /^\s+(\w+) = (.*)$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    else if (key !== undefined) config.set(`${section}.${key}`, unquoted(value));
  }
  return config;
}

/** git drops the header of a section with its last key. */
function write(context: CommandContext, config: Config): void {
  const sections = new Set([...config.keys()].map((key) => key.split('.')[0] ?? ''));
  const text = [...sections].map((section) => {
    const pairs = [...config].filter(([key]) => key.startsWith(`${section}.`));
    return `[${section}]\n${pairs.map(([key, value]) => `\t${key.split('.')[1]} = ${quoted(value)}\n`).join('')}`;
  });
  context.files.write(path(context), text.join(''));
}

const quoted = (value: string) => (/["\\#;]|^\s|\s$/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value);
const unquoted = (value: string) => (value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value);
