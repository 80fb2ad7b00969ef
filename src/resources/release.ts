import type { ReleaseFile } from '../devbox/releases.ts';
import type { Declared, Recorded, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { keptTheirs } from './elsewhere.ts';

/** A pinned release of a tool, whatever form it comes in. */
export type ReleaseSpec = {
  /** As people call it: `uv`. One word. */
  readonly tool: string;
  readonly version: string;
  /** By the architecture of the machine, as dpkg names it. An archive is a `.tar.gz`, all else is the program itself. */
  readonly files: Readonly<Record<string, ReleaseFile>>;
  /** Folder of root's for it. */
  readonly into: string;
  /** Account whose own programs count as well. */
  readonly user: string;
};

/** Seconds: two hundred megabytes over a slow line. */
const FETCH_S = 2400;

/** Fetches a release file to `path`. Fails, and leaves nothing there, when it is another one than its maker published. */
export function fetchRelease(url: string, sha256: string, path: string): Script {
  return sh`
    curl -fsSL --proto =https --retry 3 -o ${path} ${url} || { rm -f -- ${path}; exit 1; }
    sum=$(sha256sum ${path} | cut -d ' ' -f 1)
    if [ "$sum" != ${sha256} ]; then
      rm -f -- ${path}
      echo ${`${url} is not the file that was released: its checksum should be ${sha256}, and is`} "$sum" >&2
      exit 1
    fi
  `;
}

/** What a machine has of a release. */
interface Seen {
  readonly arch: string;
  /** mlk8s put something there: its receipt is there before what it is about. */
  readonly isMade: boolean;
  /** Where that tool lies otherwise. */
  readonly theirs: readonly string[];
}

/** `look`: what is wrong with what mlk8s put there, as a sentence, and what puts it right. */
export function judgeRelease(
  { id, on, spec }: Declared<ReleaseSpec>,
  world: World,
  { arch, isMade, theirs }: Seen,
  look: (file: ReleaseFile) => { readonly wrong: string | undefined; readonly run: Script },
): Verdict {
  const { tool, version, files, into } = spec;
  const isForeign = !isMade && world.record(id)?.state !== 'done';
  if (isForeign && theirs.length > 0) return keptTheirs(tool, theirs.join(', '));
  const file = files[arch];
  if (!file) return { verdict: 'ok', because: `${tool} ${version} is not made for ${arch}`, shown: true };
  const { wrong, run } = look(file);
  if (wrong === undefined) return { verdict: 'ok', because: `${tool} ${version} is in ${into}` };
  const moves = [{ does: `install ${tool} ${version} into ${into}`, on, run, deadlineS: FETCH_S }];
  return { verdict: 'change', because: wrong, moves };
}

export function removeRelease({ on, spec: { tool, into } }: Recorded<ReleaseSpec>, run: Script): Verdict {
  const moves = [{ does: `remove ${tool} from ${into}`, on, run, deadlineS: 60 }];
  return { verdict: 'change', because: 'it was installed by mlk8s', moves };
}
