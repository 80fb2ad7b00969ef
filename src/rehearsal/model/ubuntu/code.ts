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
  for (const { identifier, version } of listed(context)) {
    context.out(options.has('--show-versions') ? `${identifier.id}@${version}\n` : `${identifier.id}\n`);
  }
  return 0;
};

const folder = ({ env }: CommandContext) => `${env.HOME ?? ''}/.vscode/extensions`;

/** An extension as the real list has it, as far as anybody here looks. */
interface Listed {
  readonly identifier: { readonly id: string };
  readonly version: string;
  /** Its folder among the others. */
  readonly relativeLocation: string;
}

/** What has lost its folder is not shown. */
function listed(context: CommandContext): Listed[] {
  const all = JSON.parse(context.files.read(`${folder(context)}/extensions.json`) ?? '[]') as Listed[];
  const there = context.files.list(folder(context));
  return all.filter(({ relativeLocation }) => there.includes(relativeLocation));
}

function write(context: CommandContext, extensions: readonly Listed[]): void {
  context.files.write(`${folder(context)}/extensions.json`, JSON.stringify(extensions));
}

async function add(context: CommandContext, extension: string): Promise<number> {
  const [id = '', version = NEWEST] = extension.toLowerCase().split('@');
  context.out('Installing extensions...\n');
  await context.sleep(5);
  const others = without(context, id);
  const relativeLocation = `${id}-${version}`;
  context.files.write(`${folder(context)}/${relativeLocation}/package.json`, '{}\n');
  write(context, [...others, { identifier: { id }, version, relativeLocation }]);
  context.out(`Extension '${id}' v${version} was successfully installed.\n`);
  return 0;
}

function drop(context: CommandContext, extension: string): number {
  const id = extension.toLowerCase();
  if (!listed(context).some(({ identifier }) => identifier.id === id))
    return fail(context, `Extension '${extension}' is not installed.`);
  write(context, without(context, id));
  context.out(`Extension '${extension}' was successfully uninstalled!\n`);
  return 0;
}

/** Removes the folder of an extension and gives all others. */
function without(context: CommandContext, id: string): Listed[] {
  const all = listed(context);
  for (const it of all.filter(({ identifier }) => identifier.id === id)) {
    context.files.remove(`${folder(context)}/${it.relativeLocation}`);
  }
  return all.filter(({ identifier }) => identifier.id !== id);
}
