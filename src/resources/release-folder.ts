import { posix } from 'node:path';
import type { ReleaseFile } from '../devbox/releases.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { foundAt, whereIs } from './elsewhere.ts';
import { fetchRelease } from './release-file.ts';
import { gone, stays } from './stays.ts';

/**
 * A program that comes as a folder: an archive of a pinned release in a folder of root's, and a link to the program in
 * everybody's PATH. The archive is held against the checksum that its maker published before anything of it is used.
 */
export type ReleaseFolderSpec = {
  /** As people call it: `headlamp`. Name of the program in the folder, too. */
  readonly tool: string;
  readonly version: string;
  /** Archives by the architecture of the machine, as dpkg names it. All in one lies in a folder of its own. */
  readonly files: Readonly<Record<string, ReleaseFile>>;
  readonly into: string;
  readonly link: string;
  /** Program in it that must be root's with the right to become root: Chromium's own sandbox. */
  readonly sandbox: string;
  /** Account whose own programs count as well. */
  readonly user: string;
};

export function releaseFolder({ id, on, needs, ...spec }: Placed & ReleaseFolderSpec): Declared<ReleaseFolderSpec> {
  return { kind: 'release-folder', id, on, needs, spec };
}

export const releaseFolderKind: Kind<ReleaseFolderSpec> = {
  kind: 'release-folder',
  asks: (it) => [folderAsk(it)],
  judge,
  undo,
};

/** Seconds: two hundred megabytes over a slow line. */
const FETCH_S = 2400;

const receiptOf = (folder: string) => `${folder}/.mlk8s-release`;

function folderAsk(it: Declared<ReleaseFolderSpec>): Ask {
  const { tool, into, link, sandbox, user } = it.spec;
  const script = sh`
    echo "arch $(dpkg --print-architecture)"
    if [ -d ${into} ]; then echo folder; fi
    if [ -f ${receiptOf(into)} ]; then sed 's/^/made /' ${receiptOf(into)}; fi
    echo "link $(readlink ${link})"
    if [ -x ${`${into}/${tool}`} ]; then echo program; fi
    stat -c 'sandbox %a %U' ${`${into}/${sandbox}`}
    ${whereIs(tool, user)}
    echo end
  `;
  return { key: `folder of ${tool}`, on: it.on, sh: script, timeoutS: 20 };
}

interface Seen {
  readonly arch: string;
  readonly hasFolder: boolean;
  /** Checksum of the archive that mlk8s unpacked there; undefined: it never did. */
  readonly made: string | undefined;
  readonly leadsTo: string;
  readonly hasProgram: boolean;
  readonly isSandboxRight: boolean;
  readonly found: string;
}

/** Undefined: the answer is not whole. */
function read(text: string): Seen | undefined {
  if (!/^end$/m.test(text)) return undefined;
  return {
    arch: /^arch (.+)$/m.exec(text)?.[1] ?? '',
    hasFolder: /^folder$/m.test(text),
    made: /^made (.+)$/m.exec(text)?.[1],
    leadsTo: /^link (.+)$/m.exec(text)?.[1] ?? '',
    hasProgram: /^program$/m.test(text),
    isSandboxRight: /^sandbox 4755 root$/m.test(text),
    found: foundAt(text) ?? '',
  };
}

function judge(it: Declared<ReleaseFolderSpec>, world: World): Verdict {
  return judged(it, world, [folderAsk(it)], ({ text }) => {
    const { tool, version, files, into } = it.spec;
    const seen = read(text);
    if (!seen) return unknown(it);
    // What mlk8s puts there has its receipt before it has that name.
    const isForeign = seen.made === undefined && world.record(it.id)?.state !== 'done';
    if (isForeign && (seen.hasFolder || seen.found !== '')) {
      return { verdict: 'ok', because: `${tool} was there before mlk8s: ${seen.found || into}` };
    }
    const file = files[seen.arch];
    if (!file) return { verdict: 'ok', because: `${tool} ${version} is not made for ${seen.arch}`, shown: true };
    const wrong = difference(it.spec, file, seen);
    if (wrong === undefined) return { verdict: 'ok', because: `${tool} ${version} is in ${into}` };
    const run = seen.made === file.sha256 && seen.hasProgram ? finish(it.spec) : install(it.spec, file);
    return {
      verdict: 'change',
      because: wrong,
      moves: [{ does: `install ${tool} ${version} into ${into}`, on: it.on, run, deadlineS: FETCH_S }],
    };
  });
}

function unknown({ id, spec }: Declared<ReleaseFolderSpec>): Verdict {
  const why = 'its disk may have failed under the question';
  return refused(id, `nothing is known of ${spec.tool}`, why, 'run the same command again');
}

/** What is wrong, as a sentence. */
function difference(spec: ReleaseFolderSpec, { sha256 }: ReleaseFile, seen: Seen): string | undefined {
  const { tool, version, into, link, sandbox } = spec;
  if (seen.made === undefined) return `there is no ${tool}`;
  if (seen.made !== sha256) return `${tool} is not of the release ${version}`;
  if (!seen.hasProgram) return `${into}/${tool} is missing`;
  if (!seen.isSandboxRight) return `${into}/${sandbox} is not root's with mode 4755`;
  return seen.leadsTo === `${into}/${tool}` ? undefined : `${link} does not lead to ${into}/${tool}`;
}

const fetched = ({ into }: ReleaseFolderSpec) => `${into}.mlk8s-fetched`;
const draft = ({ into }: ReleaseFolderSpec) => `${into}.mlk8s-new`;
const old = ({ into }: ReleaseFolderSpec) => `${into}.mlk8s-old`;

/** Unpacked beside, with its receipt, then two renames: an interruption between them is put right by the next run. */
function install(spec: ReleaseFolderSpec, { url, sha256 }: ReleaseFile): Script {
  const { into } = spec;
  return lines(
    sh`
      mkdir -p -- ${posix.dirname(into)}
      rm -rf -- ${draft(spec)} ${old(spec)}
    `,
    fetchRelease(url, sha256, fetched(spec)),
    sh`
      mkdir -m 755 -- ${draft(spec)}
      tar -xf ${fetched(spec)} -C ${draft(spec)} --strip-components=1 --no-same-owner
      echo ${sha256} >${receiptOf(draft(spec))}
      sync -- ${receiptOf(draft(spec))}
      if [ -e ${into} ]; then mv -T -- ${into} ${old(spec)}; fi
      mv -T -- ${draft(spec)} ${into}
      rm -rf -- ${old(spec)} ${fetched(spec)}
    `,
    finish(spec),
  );
}

function finish({ tool, into, link, sandbox }: ReleaseFolderSpec): Script {
  return sh`
    chown root:root -- ${`${into}/${sandbox}`}
    chmod 4755 -- ${`${into}/${sandbox}`}
    ln -sfnT -- ${`${into}/${tool}`} ${link}
  `;
}

function undo(it: Recorded<ReleaseFolderSpec>, world: World): Verdict {
  return judged(it, world, [folderAsk(it)], ({ text }) => {
    const { spec } = it;
    const { tool, into, link } = spec;
    const seen = read(text);
    if (!seen) return unknown(it);
    const isLinked = seen.leadsTo === `${into}/${tool}`;
    if (seen.made === undefined && !isLinked) {
      return seen.hasFolder ? stays(`${into} is not what mlk8s put there`) : gone(`there is no ${tool} of mlk8s`);
    }
    const run = lines(
      ...(isLinked ? [sh`rm -f -- ${link}`] : []),
      ...(seen.made === undefined ? [] : [sh`rm -rf -- ${[into, draft(spec), old(spec), fetched(spec)]}`]),
    );
    const moves = [{ does: `remove ${tool} from ${into}`, on: it.on, run, deadlineS: 60 }];
    return { verdict: 'change', because: 'it was installed by mlk8s', moves };
  });
}
