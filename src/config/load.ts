import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { isMap, isScalar, isSeq } from 'yaml';
import { ExitCode, type Problem, UserError } from '../errors.ts';
import { explain } from './explain.ts';
import type { Placed } from './loose.ts';
import type { Fault } from './rules.ts';
import { type Cluster, clusterSchema } from './schema.ts';
import { Source, shownPath } from './source.ts';
import { type Found, readTree, type Tree } from './tree.ts';
import { wholeFileFaults, wholeFileWarnings } from './whole-file.ts';

/** A valid cluster file. `text` is what the file holds, byte order mark included. */
export interface Loaded {
  readonly file: Cluster;
  readonly path: string;
  readonly text: string;
  /** What is allowed and likely not meant, in the order of the file. */
  readonly warnings: readonly Problem[];
}

/** Bytes. A file with 250 machines and every key has a third of it. */
const MAX_BYTES = 256 * 1024;

/** Most problems of one file that are reported one by one. */
const MAX_PROBLEMS = 50;

const EXAMPLES = 'For a new file type: mlk8s init';

/**
 * Reads and checks a cluster file. Throws a UserError (exit code 3) with everything that is wrong, in the order of the
 * file: it cannot be read, is no YAML, or is not what the schema wants.
 */
export async function loadCluster(path: string): Promise<Loaded> {
  return parseCluster(await read(path), path);
}

/** Checks the bytes of a cluster file; `path` is used in messages only. Throws as `loadCluster` does. */
export function parseCluster(bytes: Buffer, path: string): Loaded {
  const source = new Source(path, decode(bytes, path));
  const tree = readTree(source);
  if (!('document' in tree)) throw invalid(tree.length > 0 ? problems(source, tree) : [nothingIn(source)]);
  if (!isMap(tree.document.contents)) throw invalid([notAMapping(source, tree)]);
  const line = (at: readonly PropertyKey[]) => source.line(tree.valueSpan(at).start);
  const parsed = clusterSchema.safeParse(tree.value);
  const whole = wholeFileFaults(tree.value, line).map((placed) => foundIn(tree, placed));
  // Of one place, whoever looks at the whole file knows better what to write there.
  const isKnown = ({ span }: Found) => whole.some((it) => it.span.start === span.start && it.span.end === span.end);
  const single = explain(parsed.error?.issues ?? [], tree.value, tree).filter((it) => !isKnown(it));
  const faults = [...tree.faults, ...single, ...whole];
  if (!parsed.success || faults.length > 0) throw invalid(problems(source, faults));
  const warnings = wholeFileWarnings(parsed.data).map((placed) => foundIn(tree, placed));
  return { file: parsed.data, path, text: source.text, warnings: problems(source, warnings) };
}

/** What concerns a whole list is shown at its key, other things at the value. */
function foundIn(tree: Tree, { path, fault }: Placed): Found {
  return { span: path.length === 1 ? tree.keySpan(path) : tree.valueSpan(path), fault };
}

function problems(source: Source, found: readonly Found[]): Problem[] {
  const sorted = [...found].sort((a, b) => a.span.start - b.span.start);
  const shown = sorted.slice(0, MAX_PROBLEMS).map(({ span, fault }) => source.problem(span, fault));
  const rest = sorted.length - shown.length;
  if (rest === 0) return shown;
  return [
    ...shown,
    {
      where: shownPath(source.path),
      seen: `${rest} more ${rest === 1 ? 'problem is' : 'problems are'} not shown`,
      why: `at most ${MAX_PROBLEMS} are shown at a time`,
      next: ['Correct the ones above first.'],
    },
  ];
}

function invalid(all: readonly Problem[]): UserError {
  return new UserError(all, ExitCode.invalid);
}

/** Text of the bytes. A file that an editor saved in another encoding, or that is no text, is refused. */
function decode(bytes: Buffer, path: string): string {
  const where = shownPath(path);
  if (bytes.length > MAX_BYTES) {
    const fault = {
      seen: `the file is larger than ${MAX_BYTES / 1024} KiB`,
      why: 'it is no cluster file, or has far more machines than mlk8s can work with (250)',
      next: ['Name the right file with -f FILE.'],
    };
    throw invalid([{ where, ...fault }]);
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16 || (!bytes.includes(0) && !isUtf8(bytes))) {
    throw badEncoding(new Source(path, bytes.toString('utf8')), utf16);
  }
  if (bytes.includes(0)) {
    const fault = {
      seen: 'the file is not text (it has NUL bytes)',
      why: 'it is a program, picture or archive, or was damaged',
      next: ['Name the right file with -f FILE.', EXAMPLES],
    };
    throw invalid([{ where, ...fault }]);
  }
  return bytes.toString('utf8');
}

function badEncoding(source: Source, utf16: boolean): UserError {
  const fault: Fault = {
    seen: utf16 ? 'the file is saved as UTF-16' : 'the file is not saved as UTF-8',
    why: 'mlk8s reads UTF-8 text',
    next: ['Save it as UTF-8 in your editor.'],
  };
  if (utf16) return invalid([{ where: shownPath(source.path), ...fault }]);
  const at = Math.max(0, source.text.indexOf('\uFFFD'));
  return invalid([source.problem({ start: at, end: at + 1 }, fault)]);
}

function nothingIn(source: Source): Problem {
  return {
    where: shownPath(source.path),
    seen: /\S/.test(source.text.replace('\uFEFF', '')) ? 'the file has only comments' : 'the file is empty',
    why: 'a cluster file has at least a name and one machine',
    next: [EXAMPLES],
  };
}

function notAMapping(source: Source, tree: Tree): Problem {
  const { contents } = tree.document;
  if (contents === null || (isScalar(contents) && contents.value === null && !contents.source))
    return nothingIn(source);
  return source.problem(tree.valueSpan([]), {
    seen: `the file holds ${isSeq(contents) ? 'a list' : 'one value'}, not keys`,
    why: 'a cluster file starts with keys such as "name: home-lab" and "nodes:"',
    next: ['Name the right file with -f FILE.', EXAMPLES],
  });
}

async function read(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      return await firstBytes(file, MAX_BYTES + 1);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code);
  }
}

/** Reads to the end or to `most` bytes: also from a pipe, and never a whole disk. */
async function firstBytes(file: Awaited<ReturnType<typeof open>>, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await file.read(buffer, length, most - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function unreadable(path: string, code: string | undefined): UserError {
  const where = shownPath(path);
  const faults: Readonly<Record<string, Fault>> = {
    ENOENT: {
      seen: 'there is no such file',
      why: 'mlk8s needs a file that describes the cluster',
      next: ['To write one type: mlk8s init', 'If you have one elsewhere: name it with -f FILE.'],
    },
    EISDIR: {
      seen: 'this is a folder, not a file',
      why: 'a cluster is described by one file',
      next: [`Name the file in it, for example: -f ${shownPath(`${path}/mlk8s.yaml`)}`],
    },
    EACCES: {
      seen: 'you may not read this file',
      why: 'it, or a folder above it, belongs to another user',
      next: [`See who may: ls -l ${where}`],
    },
  };
  const other: Fault = {
    seen: `the file cannot be read (${code ?? 'unknown error'})`,
    why: 'the system does not give it out',
    next: ['Check the path and the disk.'],
  };
  const aliases: Readonly<Record<string, string>> = { ENOTDIR: 'ENOENT', EPERM: 'EACCES' };
  return invalid([{ where, ...(faults[aliases[code ?? ''] ?? code ?? ''] ?? other) }]);
}
