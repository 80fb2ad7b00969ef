import { posix } from 'node:path';
import type { ReleaseFile } from '../devbox/releases.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, unread } from './answers.ts';
import type { Placed } from './declare.ts';
import { whereIs } from './elsewhere.ts';
import { fetchRelease, judgeRelease, type ReleaseSpec, removeRelease } from './release.ts';
import { gone, stays } from './stays.ts';
import { unfinished } from './write.ts';

/**
 * Programs of a pinned release in a folder of root's. The file is fetched whole and held against the checksum that its
 * maker published, before anything of it is used. Who has one of the programs already keeps it, wherever it lies.
 */
export type ReleaseFileSpec = ReleaseSpec & { readonly programs: readonly string[] };

export function releaseFile({ id, on, needs, ...spec }: Placed & ReleaseFileSpec): Declared<ReleaseFileSpec> {
  return { kind: 'release-file', id, on, needs, spec };
}

export const releaseFileKind: Kind<ReleaseFileSpec> = {
  kind: 'release-file',
  asks: (it) => [programsAsk(it)],
  judge,
  undo,
};

/** What was fetched last and what came of it, as checksums: nobody publishes those of single programs in an archive. */
function receiptOf({ tool }: ReleaseFileSpec): string {
  return `${MACHINE_STATE}/releases/${tool}`;
}

function programsAsk(it: Declared<ReleaseFileSpec>): Ask {
  const { tool, programs, into, user } = it.spec;
  const receipt = receiptOf(it.spec);
  const looks = programs.map((name) => {
    const path = posix.join(into, name);
    return sh`
      if [ -f ${path} ] && [ -x ${path} ]; then echo here ${name} "$(sha256sum ${path} | cut -d ' ' -f 1)"
      elif [ -e ${path} ]; then echo here ${name} unusable
      else ${whereIs(name, user)}
      fi
    `;
  });
  const script = lines(
    sh`echo "arch $(dpkg --print-architecture)"`,
    ...looks,
    sh`
      if [ -e ${receipt} ]; then sed 's/^/made /' ${receipt}; fi
      echo end
    `,
  );
  return { key: `release of ${tool}`, on: it.on, sh: script, timeoutS: 60 };
}

/** A machine as `programsAsk` saw it. */
interface Seen {
  readonly arch: string;
  /** Checksums of the programs in our folder, by name. */
  readonly here: ReadonlyMap<string, string>;
  /** Paths of programs of those names elsewhere. */
  readonly found: readonly string[];
  /** Checksums of the release file (`.`) and of the programs as mlk8s put them there; undefined: it never did. */
  readonly made: ReadonlyMap<string, string> | undefined;
}

/** Undefined: the answer is not whole. */
function read(text: string): Seen | undefined {
  const rows = text.split('\n').map((row) => row.split(' '));
  if (!rows.some(([word]) => word === 'end')) return undefined;
  const pairs = (word: string) =>
    new Map(rows.flatMap(([is, name = '', sum = '']) => (is === word ? [[name, sum]] : [])));
  const made = pairs('made');
  return {
    arch: rows.find(([word]) => word === 'arch')?.[1] ?? '',
    here: pairs('here'),
    found: rows.flatMap(([word, path]) => (word === 'found' && path ? [path] : [])),
    made: made.size > 0 ? made : undefined,
  };
}

function judge(it: Declared<ReleaseFileSpec>, world: World): Verdict {
  return judged(it, world, [programsAsk(it)], ({ text }) => {
    const seen = read(text);
    if (!seen) return unread(it.id, it.spec.tool);
    const theirs = [...[...seen.here.keys()].map((name) => `${it.spec.into}/${name}`), ...seen.found];
    return judgeRelease(it, world, { ...seen, theirs, isMade: seen.made !== undefined }, (file) => ({
      wrong: difference(it.spec, file, seen),
      run: install(it.spec, file),
    }));
  });
}

/** What is wrong, as a sentence. */
function difference({ tool, version, into }: ReleaseFileSpec, file: ReleaseFile, seen: Seen): string | undefined {
  const { made, here } = seen;
  if (!made) return `there is no ${tool}`;
  if (made.get('.') !== file.sha256) return `${tool} is not of the release ${version}`;
  const changed = changedIn(made, here);
  return changed === undefined ? undefined : `${into}/${changed} ${here.has(changed) ? 'was changed' : 'is missing'}`;
}

/** The first program that is not as mlk8s put it there. */
function changedIn(made: ReadonlyMap<string, string>, here: ReadonlyMap<string, string>): string | undefined {
  return [...made.keys()].find((name) => name !== '.' && here.get(name) !== made.get(name));
}

/** Nothing but the programs leaves the archive, each by one rename, when all of them and the receipt are on the disk. */
function install(spec: ReleaseFileSpec, { url, sha256, folder }: ReleaseFile): Script {
  const { programs, into } = spec;
  const receipt = receiptOf(spec);
  const fetched = fetchedFile(spec);
  const isArchive = /\.(tar\.gz|tgz)$/.test(url);
  const paths = programs.map((name) => ({
    name,
    path: posix.join(into, name),
    inside: posix.join(folder ?? '', name),
  }));
  return lines(
    sh`mkdir -p -- ${into} ${posix.dirname(receipt)}`,
    fetchRelease(url, sha256, fetched),
    ...paths.map(({ path, inside }) =>
      isArchive ? sh`tar -xOf ${fetched} ${inside} >${unfinished(path)}` : sh`cp -- ${fetched} ${unfinished(path)}`,
    ),
    sh`
      chmod 755 ${paths.map(({ path }) => unfinished(path))}
      echo ${`. ${sha256}`} >${unfinished(receipt)}
    `,
    ...paths.map(
      ({ name, path }) =>
        sh`echo ${name} "$(sha256sum ${unfinished(path)} | cut -d ' ' -f 1)" >>${unfinished(receipt)}`,
    ),
    sh`
      sync ${unfinished(receipt)} ${paths.map(({ path }) => unfinished(path))}
      rm -f -- ${fetched}
      mv -fT -- ${unfinished(receipt)} ${receipt}
    `,
    ...paths.map(({ path }) => sh`mv -fT -- ${unfinished(path)} ${path}`),
  );
}

function fetchedFile({ tool, into }: ReleaseFileSpec): string {
  return posix.join(into, `.${tool}.mlk8s-fetched`);
}

function undo(it: Recorded<ReleaseFileSpec>, world: World): Verdict {
  return judged(it, world, [programsAsk(it)], ({ text }) => {
    const { tool, programs, into } = it.spec;
    const seen = read(text);
    if (!seen) return unread(it.id, it.spec.tool);
    if (!seen.made) return gone(`there is no ${tool} of mlk8s`);
    const changed = changedIn(seen.made, seen.here);
    if (changed !== undefined && seen.here.has(changed)) {
      return stays(`${into}/${changed} was changed after mlk8s installed it`);
    }
    const receipt = receiptOf(it.spec);
    const files = programs.flatMap((name) => [posix.join(into, name), unfinished(posix.join(into, name))]);
    const run = sh`
      rm -f -- ${[...files, fetchedFile(it.spec)]}
      rm -f -- ${receipt}
      rmdir --ignore-fail-on-non-empty ${posix.dirname(receipt)}
    `;
    return removeRelease(it, run);
  });
}
