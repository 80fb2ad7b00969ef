import { posix } from 'node:path';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { contentAsk, seenContent } from './file.ts';
import { gone, stays } from './stays.ts';
import { removeFile } from './undo-file.ts';
import { writeOwnFile } from './write.ts';

/** Kernel settings that must be at least this large, now and after a reboot. A larger value is never lowered. */
export type SysctlSpec = {
  /** A file in /etc/sysctl.d of mlk8s alone. */
  readonly path: string;
  readonly atLeast: Readonly<Record<string, number>>;
};

export function sysctl({ id, on, needs, ...spec }: Placed & SysctlSpec): Declared<SysctlSpec> {
  return { kind: 'sysctl', id, on, needs, spec };
}

export const sysctlKind: Kind<SysctlSpec> = { kind: 'sysctl', asks, judge, undo };

function asks(it: Declared<SysctlSpec>): Ask[] {
  const keys = Object.keys(it.spec.atLeast);
  const live: Ask = { key: `sysctl ${keys.join(' ')}`, on: it.on, sh: sh`sysctl ${keys}`, timeoutS: 10 };
  return [live, contentAsk(it.on, it.spec.path), sysctlFilesAsk(it.on)];
}

/** All assignments of the administrator's sysctl files, with the file before each. */
export function sysctlFilesAsk(on: Ask['on']): Ask {
  const script = sh`grep -HsE '^[[:blank:]]*-?[a-z].*=' /etc/sysctl.d/*.conf /etc/sysctl.conf`;
  return { key: 'sysctl files', on, sh: script, timeoutS: 10 };
}

function judge(it: Declared<SysctlSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (liveAnswer, fileAnswer, everywhere) => {
    const { path, atLeast } = it.spec;
    const live = assignments(liveAnswer.text);
    const was = seenContent(fileAnswer)?.content ?? '';
    const kept = assignments(was);
    const low = Object.entries(atLeast).filter(([key, least]) => !(number(live.get(key)) >= least));
    const lost = Object.entries(atLeast).filter(([key, least]) => !(number(kept.get(key)) >= least));
    const warning = lowered(it.spec, everywhere.text);
    if (low.length + lost.length === 0) {
      return { verdict: 'ok', because: 'all values are large enough', ...(warning ? { warning } : {}) };
    }
    const values = Object.entries(atLeast).map(([key, least]) => [key, larger(least, live.get(key), kept.get(key))]);
    const content = values.map(([key, value]) => `${key}=${value}\n`).join('');
    return {
      verdict: 'change',
      because: because(path, low, lost, live),
      diff: [
        ...low.map(([key, least]) => ({ what: key, before: live.get(key) ?? '', after: `${least}` })),
        ...(was === content ? [] : [{ what: path, before: was, after: content }]),
      ],
      moves: [
        {
          does: `write ${path} and apply it`,
          on: it.on,
          run: lines(writeOwnFile(it.id, path, content), sh`sysctl -p ${path}`),
          deadlineS: 30,
        },
      ],
    };
  });
}

type Entries = readonly (readonly [string, number])[];

function because(path: string, low: Entries, lost: Entries, live: ReadonlyMap<string, string>): string {
  const [key, least] = low[0] ?? [];
  if (key) return `${key} is ${live.get(key) ?? 'not set'}, needed is ${least}`;
  return `${path} does not keep ${lost.length} of the values over a reboot`;
}

/** Not what is wanted but the largest: a system that ships a larger value must not be lowered by our file. */
function larger(least: number, ...values: (string | undefined)[]): number {
  return Math.max(least, ...values.map(number).filter((value) => !Number.isNaN(value)));
}

function number(value: string | undefined): number {
  return value === undefined || !/^-?\d+$/.test(value) ? Number.NaN : Number(value);
}

/** `key = value` and `key=value` lines; the last one counts. */
export function assignments(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*-?([\w./-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(key.replaceAll('/', '.'), value);
  }
  return found;
}

/**
 * A smaller value in a file that is read later wins at the next boot, and whenever MicroK8s runs `sysctl --system`.
 * platform sheet 5, trap 27.
 */
export function lowered({ path, atLeast }: SysctlSpec, files: string): string | undefined {
  const later = (file: string) => file === '/etc/sysctl.conf' || posix.basename(file) > posix.basename(path);
  const found = files.split('\n').flatMap((line) => {
    const [, file = '', text = ''] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (file === '' || !later(file)) return [];
    return [...assignments(text)]
      .filter(([key, value]) => number(value) < (atLeast[key] ?? Number.NaN))
      .map(([key, value]) => `${file} sets ${key} to ${value}, which lowers it at the next boot; remove that line`);
  });
  return found.length > 0 ? found.join('; ') : undefined;
}

/** What the values were before is not known: a running system may have grown used to the larger ones. */
function undo(it: Recorded<SysctlSpec>, world: World): Verdict {
  const { path, atLeast } = it.spec;
  return judged(it, world, [contentAsk(it.on, path)], (answer) => {
    const seen = seenContent(answer);
    if (!seen) return gone(`${path} does not exist`);
    const isOurs = seen.content
      .trimEnd()
      .split('\n')
      .every((line) => (line.split('=', 1)[0] ?? '') in atLeast);
    if (!isOurs) return stays(`${path} was changed after mlk8s wrote it`);
    const does = `remove ${path} (its values stay in force until the next reboot)`;
    const moves = [{ does, on: it.on, run: removeFile(it.id, path), deadlineS: 30 }];
    return { verdict: 'change', because: 'it was written by mlk8s', moves };
  });
}
