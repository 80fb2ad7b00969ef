import type { ReleaseFile } from '../devbox/releases.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { asUser } from '../shell/as-user.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { noAccount } from './account.ts';
import { judged, refused, unread } from './answers.ts';
import type { Placed } from './declare.ts';
import { keptTheirs } from './elsewhere.ts';
import { fetchRelease } from './release.ts';
import { gone, stays } from './stays.ts';

/**
 * conda and mamba by the official installer of Miniforge, in ~/miniforge3. Who has a conda or mamba already keeps it, and
 * mlk8s never brings it to another version: conda does that itself.
 */
export type MiniforgeSpec = {
  readonly user: string;
  readonly version: string;
  /** By the architecture of the machine, as dpkg names it. */
  readonly files: Readonly<Record<string, ReleaseFile>>;
};

export function miniforge({ id, on, needs, ...spec }: Placed & MiniforgeSpec): Declared<MiniforgeSpec> {
  return { kind: 'miniforge', id, on, needs, spec };
}

export const miniforgeKind: Kind<MiniforgeSpec> = {
  kind: 'miniforge',
  asks: ({ on, spec: { user } }) => [condaAsk(on, user)],
  judge,
  undo,
};

/** Seconds: a hundred megabytes over a slow line, then thousands of small files. */
const INSTALL_S = 2400;

/** Names of packages that are shown. */
const SHOWN = 5;

/** Below the home. */
const FOLDER = 'miniforge3';
/** Written when the installer is at its end: says that the folder is ours, and whole, and which packages came with it. */
const DONE = `${FOLDER}/.mlk8s`;
const DRAFT = `${DONE}-new`;
const FETCHED = '.miniforge.mlk8s-fetched';

/** Where other installers of conda and its kin put them. */
const OTHERS = ['miniconda3', 'anaconda3', 'mambaforge', 'micromamba', '.local', 'bin'];

/** Prints the packages of the base, a line each, by what conda and pip leave of each. */
const BASE: Script = sh`
  { ls -A ${`${FOLDER}/conda-meta`} ${FOLDER}/lib/python*/site-packages 2>/dev/null || true; } |
    { grep -E '\.(json|dist-info|egg-info|egg-link)$' || true; } | LC_ALL=C sort -u
`;

/** Prints those of them that did not come with the installer: all where that was not noted. */
const SINCE: Script = sh`{ ${BASE}; } | { grep -vxFf ${DONE} || true; }`;

/** Looks for conda and its kin. */
export function condaAsk(on: Ask['on'], user: string): Ask {
  const script = sh`
    echo "arch $(dpkg --print-architecture)"
    if [ -e ${DONE} ]; then echo ours; ${SINCE} | sed 's/^/since /'; fi
    if [ -x ${`${FOLDER}/bin/conda`} ]; then echo works
    elif [ -e ${FOLDER} ]; then echo there
    fi
    for folder in ${OTHERS}; do PATH=$PATH:$HOME/$folder/bin:$HOME/$folder; done
    for name in conda mamba micromamba; do
      if found=$(type -P "$name"); then echo "found $found"; fi
    done
    if [ -d ${`${FOLDER}/envs`} ]; then ls -A ${`${FOLDER}/envs`} | sed 's/^/env /'; fi
    echo end
  `;
  return { key: `conda of ${user}`, on, sh: asUser(user, script), timeoutS: 20 };
}

interface Seen {
  readonly arch: string;
  /** mlk8s put it there, and the installer came to its end. */
  readonly isOurs: boolean;
  /** conda is in our folder. */
  readonly works: boolean;
  /** There is such a folder, without conda in it. */
  readonly isThere: boolean;
  /** Paths of conda and its kin elsewhere. */
  readonly found: readonly string[];
  /** Environments that somebody made in our folder. */
  readonly envs: readonly string[];
  /** Packages of its base that came after the installer. */
  readonly since: readonly string[];
}

/** Undefined: the answer is not whole. */
function read(text: string): Seen | undefined {
  const rows = text.split('\n');
  if (!rows.includes('end')) return undefined;
  const all = (word: string) => rows.flatMap((row) => (row.startsWith(`${word} `) ? [row.slice(word.length + 1)] : []));
  return {
    arch: all('arch')[0] ?? '',
    isOurs: rows.includes('ours'),
    works: rows.includes('works'),
    isThere: rows.includes('there'),
    found: all('found'),
    envs: all('env').filter((name) => name !== '.conda_envs_dir_test'),
    since: all('since').map((name) => name.replace(/\.[^.]*$/, '')),
  };
}

function judge(it: Declared<MiniforgeSpec>, world: World): Verdict {
  return judged(it, world, [condaAsk(it.on, it.spec.user)], ({ text, status }) => {
    const { user, version, files } = it.spec;
    if (status === 127) return noAccount(it.id, user);
    const seen = read(text);
    if (!seen) return unread(it.id, `conda in the home of ${it.spec.user}`);
    const folder = `~${user}/${FOLDER}`;
    if (seen.isOurs && seen.works) return { verdict: 'ok', because: `conda is in ${folder}` };
    const theirs = theirsAt(seen, folder, world.record(it.id)?.state);
    if (theirs.length > 0) return keptTheirs('conda', theirs.join(', '));
    if (seen.isThere && !seen.isOurs && !world.record(it.id)) return occupied(it, folder);
    const file = files[seen.arch];
    if (!file) return { verdict: 'ok', because: `Miniforge is not made for ${seen.arch}`, shown: true };
    const does = `install Miniforge ${version} into ${folder}`;
    return {
      verdict: 'change',
      because: seen.works || seen.isThere || seen.isOurs ? `${folder} is not whole` : `${user} has no conda`,
      moves: [{ does, on: it.on, run: install(it.spec, file), deadlineS: INSTALL_S }],
    };
  });
}

/** By the answer to `condaAsk`: where the user has a conda instead of ours. `state`: that of the record of ours. */
export function condaInstead(text: string, state: Recorded['state'] | undefined): readonly string[] {
  const seen = read(text);
  return seen && !seen.works ? theirsAt(seen, '', state) : [];
}

/** Where the user has a conda that mlk8s did not bring. An interruption leaves one without our mark, and a record that is pending. */
function theirsAt(seen: Seen, folder: string, state: Recorded['state'] | undefined): readonly string[] {
  if (seen.isOurs) return [];
  if (seen.works) return state === 'pending' ? [] : [`${folder}/bin/conda`];
  return state === undefined ? seen.found : [];
}

function occupied({ id }: Declared<MiniforgeSpec>, folder: string): Verdict {
  const why = 'somebody began to install it, or the folder is something else';
  return refused(id, `there is a ${folder} without conda in it`, why, `look at it: ls -la ${folder}`, 'move it away');
}

/**
 * `-u` has the installer go over what is there: what an interruption left, or environments in a folder that was damaged.
 * Packages that somebody put into its base before are not noted as ours.
 */
function install({ user, version }: MiniforgeSpec, { url, sha256 }: ReleaseFile): Script {
  return asUser(
    user,
    lines(
      fetchRelease(url, sha256, FETCHED),
      sh`
        theirs=$(if [ -e ${DONE} ]; then ${SINCE}; fi)
        bash ${FETCHED} -b -u -p "$HOME/"${FOLDER}
        [ -x ${`${FOLDER}/bin/conda`} ] || { echo 'the installer left no conda' >&2; exit 1; }
        rm -f ${FETCHED}
        { echo ${version}; ${BASE} | { grep -vxFe "$theirs" || true; }; } >${DRAFT}
        sync ${DRAFT}
        mv -fT ${DRAFT} ${DONE}
      `,
    ),
  );
}

/** Environments are the user's work, and so is what was installed into the base. */
function undo(it: Recorded<MiniforgeSpec>, world: World): Verdict {
  return judged(it, world, [condaAsk(it.on, it.spec.user)], ({ text, status }) => {
    const { user } = it.spec;
    if (status === 127) return gone(`there is no account ${user}`);
    const seen = read(text);
    if (!seen) return unread(it.id, `conda in the home of ${it.spec.user}`);
    const folder = `~${user}/${FOLDER}`;
    if (!seen.isOurs && !seen.works && !seen.isThere) return gone(`there is no ${folder}`);
    if (!seen.isOurs && it.state === 'done') return stays(`${folder} is not what mlk8s put there`);
    if (seen.envs.length > 0) return stays(`${folder} has environments: ${seen.envs.join(', ')}`);
    if (seen.since.length > 0) return stays(`${folder} has packages that came later: ${some(seen.since)}`);
    const run = asUser(user, sh`rm -rf ${FOLDER} ${FETCHED}`);
    const moves = [{ does: `remove ${folder}`, on: it.on, run, deadlineS: 300 }];
    return { verdict: 'change', because: 'it was installed by mlk8s', moves };
  });
}

/** The first few: there may be hundreds. */
function some(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(', ')} and ${more} more` : names.join(', ');
}
