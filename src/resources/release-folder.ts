import { posix } from 'node:path';
import type { ReleaseFile } from '../devbox/releases.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, unread } from './answers.ts';
import type { Placed } from './declare.ts';
import { foundAt, whereIs } from './elsewhere.ts';
import { fetchRelease, judgeRelease, type ReleaseSpec, removeRelease } from './release.ts';
import { gone, stays } from './stays.ts';

/**
 * A program that comes as a folder: an archive of a pinned release in a folder of root's, and a link to the program in
 * everybody's PATH, with the name of the tool in both. All in the archive lies in a folder of its own. It is held against the checksum that its maker published before anything of it is used.
 */
export type ReleaseFolderSpec = ReleaseSpec & {
  readonly link: string;
  /** Program in it that must be root's with the right to become root: Chromium's own sandbox. */
  readonly sandbox: string;
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
    const seen = read(text);
    if (!seen) return unread(it.id, it.spec.tool);
    const { arch, hasFolder, found, made, hasProgram } = seen;
    const theirs = found === '' && !hasFolder ? [] : [found || it.spec.into];
    return judgeRelease(it, world, { arch, theirs, isMade: made !== undefined }, (file) => ({
      wrong: difference(it.spec, file, seen),
      run: made === file.sha256 && hasProgram ? finish(it.spec) : install(it.spec, file),
    }));
  });
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
    if (!seen) return unread(it.id, it.spec.tool);
    const isLinked = seen.leadsTo === `${into}/${tool}`;
    if (seen.made === undefined && !isLinked) {
      return seen.hasFolder ? stays(`${into} is not what mlk8s put there`) : gone(`there is no ${tool} of mlk8s`);
    }
    const run = lines(
      ...(isLinked ? [sh`rm -f -- ${link}`] : []),
      ...(seen.made === undefined ? [] : [sh`rm -rf -- ${[into, draft(spec), old(spec), fetched(spec)]}`]),
    );
    return removeRelease(it, run);
  });
}
