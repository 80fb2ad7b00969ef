import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { asUser } from '../shell/as-user.ts';
import { noteLines } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { noAccount } from './account.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, noteAsk } from './stays.ts';

/** Extensions of an account's Visual Studio Code. Others that it has are left alone. */
export type VscodeExtensionsSpec = {
  readonly user: string;
  /** As `PUBLISHER.NAME`, with `@VERSION` where one is wanted. */
  readonly extensions: readonly string[];
};

export function vscodeExtensions({
  id,
  on,
  needs,
  ...spec
}: Placed & VscodeExtensionsSpec): Declared<VscodeExtensionsSpec> {
  return { kind: 'vscode-extensions', id, on, needs, spec };
}

export const vscodeExtensionsKind: Kind<VscodeExtensionsSpec> = {
  kind: 'vscode-extensions',
  asks: (it) => [listAsk(it)],
  judge,
  undo,
  undoAsks: (it) => [noteAsk(it)],
};

/** Seconds for each: some bring a hundred megabytes. */
const EACH_S = 300;

const FOLDER = '.vscode/extensions';
/** Where VS Code itself keeps what is installed. Asked for it, the program code would make folders in the home. */
const LIST = `${FOLDER}/extensions.json`;

/** Ends the folders in an answer; what follows is the list. */
const CONTENT = '-- list';

function listAsk({ on, spec: { user } }: Declared<VscodeExtensionsSpec>): Ask {
  const script = sh`
    if [ -d ${FOLDER} ]; then ls -A ${FOLDER}; fi
    echo ${CONTENT}
    if [ -e ${LIST} ]; then cat ${LIST}; else echo '[]'; fi
  `;
  return { key: `VS Code extensions of ${user}`, on, sh: asUser(user, script), timeoutS: 15 };
}

/** What of the list matters; undefined is what some version of VS Code does not write. */
interface Listed {
  readonly identifier?: { readonly id?: string };
  readonly version?: string;
  /** Its folder among the others. */
  readonly relativeLocation?: string;
}

/**
 * Version by name in small letters: the Marketplace makes no difference between cases. What has lost its folder is not
 * there. Undefined: it is no list.
 */
function listed(text: string): ReadonlyMap<string, string> | undefined {
  const [folders = '', list = ''] = text.split(`${CONTENT}\n`);
  const names = new Set(folders.split('\n'));
  try {
    const all = (JSON.parse(list) as Listed[]).filter((it) => names.has(it.relativeLocation ?? ''));
    return new Map(all.map((it) => [it.identifier?.id?.toLowerCase() ?? '', it.version?.toLowerCase() ?? '']));
  } catch {
    return undefined;
  }
}

function isThere(extension: string, have: ReadonlyMap<string, string>): boolean {
  const [name = '', version] = extension.toLowerCase().split('@');
  return have.has(name) && (version === undefined || have.get(name) === version);
}

function judge(it: Declared<VscodeExtensionsSpec>, world: World): Verdict {
  return judged(it, world, [listAsk(it)], ({ text, status }) => {
    const { user, extensions } = it.spec;
    if (status === 127) return noAccount(it.id, user);
    const have = listed(text);
    if (!have) return unknown(it);
    const missing = extensions.filter((extension) => !isThere(extension, have));
    if (missing.length === 0) return { verdict: 'ok', because: `${user} has ${extensions.join(', ')}` };
    const names = missing.join(', ');
    return {
      verdict: 'change',
      because: `missing in VS Code of ${user}: ${names}`,
      moves: [
        { does: `install ${names}`, on: it.on, run: install(it, missing, have), deadlineS: EACH_S * missing.length },
      ],
    };
  });
}

function unknown({ id, spec }: Declared<VscodeExtensionsSpec>): Verdict {
  return refused(
    id,
    `~${spec.user}/${LIST} is no list of extensions`,
    'VS Code was interrupted while it wrote it, or something else wrote it',
    'close VS Code there, remove the file, and run the same command again: VS Code makes it anew',
  );
}

/** One after the other: what is there stays when a later one fails. `--force` takes the wanted version over another. */
function install(
  it: Declared<VscodeExtensionsSpec>,
  missing: readonly string[],
  have: ReadonlyMap<string, string>,
): Script {
  const fresh = missing.map(nameOf).filter((name) => !have.has(name));
  return lines(
    noteLines(it.id, fresh),
    asUser(it.spec.user, lines(...missing.map((extension) => sh`code --install-extension ${extension} --force`))),
  );
}

const nameOf = (extension: string) => extension.toLowerCase().replace(/@.*/, '');

/** Only those that mlk8s installed. Settings that belong to them are the user's. */
function undo(it: Recorded<VscodeExtensionsSpec>, world: World): Verdict {
  return judged(it, world, [listAsk(it), noteAsk(it)], ({ text, status }, note) => {
    if (status === 127) return gone(`there is no account ${it.spec.user}`);
    const have = listed(text);
    if (!have) return unknown(it);
    const ours = note.text.split('\n').filter((name) => have.has(name));
    if (ours.length === 0) return gone('no extension is there because of mlk8s');
    const remove = ours.map((name) => sh`code --uninstall-extension ${name}`);
    return {
      verdict: 'change',
      because: 'they were installed by mlk8s',
      moves: [
        { does: `remove ${ours.join(', ')}`, on: it.on, run: asUser(it.spec.user, lines(...remove)), deadlineS: 120 },
      ],
    };
  });
}
