import type { Command, CommandContext } from '../command.ts';
import { fail, parseOptions } from './arguments.ts';

const OPTIONS = {
  flags: ['--list-extensions', '--show-versions', '--force'],
  values: ['--install-extension', '--uninstall-extension'],
};

/** Of what nobody gave a version. */
const NEWEST = '1.0.0';

/** Visual Studio Code's program, as far as extensions go. */
export const code: Command = async (context) => {
  if (context.user === 'root') {
    const text =
      "You are trying to start Visual Studio Code as a super user which isn't recommended. If this was intended, please add the argument `--no-sandbox` and specify an alternate user data directory using the `--user-data-dir` argument.";
    return fail(context, text);
  }
  const options = parseOptions(context.args, OPTIONS);
  if (options.problem || options.operands.length > 0)
    return fail(context, 'code: simulated machines know only extensions');
  const install = options.value('--install-extension');
  const remove = options.value('--uninstall-extension');
  if (install !== undefined) return add(context, install);
  if (remove !== undefined) return drop(context, remove);
  for (const { name, version } of listed(context)) {
    context.out(options.has('--show-versions') ? `${name}@${version}\n` : `${name}\n`);
  }
  return 0;
};

const folder = ({ env }: CommandContext) => `${env.HOME ?? ''}/.vscode/extensions`;

function listed(context: CommandContext): { name: string; version: string; path: string }[] {
  return context.files.list(folder(context)).flatMap((entry) => {
    const [, name, version] = /^(.+)-(\d[^-]*)$/.exec(entry) ?? [];
    return name === undefined || version === undefined ? [] : [{ name, version, path: `${folder(context)}/${entry}` }];
  });
}

async function add(context: CommandContext, extension: string): Promise<number> {
  const [name = '', version = NEWEST] = extension.toLowerCase().split('@');
  context.out('Installing extensions...\n');
  await context.sleep(5);
  for (const other of listed(context)) if (other.name === name) context.files.remove(other.path);
  context.files.write(`${folder(context)}/${name}-${version}/package.json`, '{}\n');
  context.out(`Extension '${name}' v${version} was successfully installed.\n`);
  return 0;
}

function drop(context: CommandContext, extension: string): number {
  const found = listed(context).filter(({ name }) => name === extension.toLowerCase());
  if (found.length === 0) return fail(context, `Extension '${extension}' is not installed.`);
  for (const { path } of found) context.files.remove(path);
  context.out(`Extension '${extension}' was successfully uninstalled!\n`);
  return 0;
}
