import { posix } from 'node:path';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { owe, paid } from '../shell/debts.ts';
import { keepFile, missing, noteOnce, ORIGINALS } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged, ownHost, refused } from './answers.ts';
import type { Bash, Placed } from './declare.ts';
import { gone, stays } from './stays.ts';
import { keptAsk, removeFile, restoreFile } from './undo-file.ts';
import { writeFile } from './write.ts';

/** A file of root's with exactly this content. */
export type FileSpec = {
  readonly path: string;
  readonly content: string;
  /** Octal, as `stat` prints it: `644`. */
  readonly mode: string;
  /** Only where this folder exists, for settings of software that not every machine has. */
  readonly onlyIn?: string;
  /** A unit that needs it beside MicroK8s: while both are there, an undo leaves the file. */
  readonly staysWith?: string;
  /** Must run after the file was written. Owed until it did, so that no interruption can skip it. */
  readonly afterwards?: { readonly does: string; readonly run: Bash };
  /** Name of a debt (`reboot`, `restart-kubelite`) that changing the file causes. */
  readonly owes?: string;
};

export function file({ id, on, needs, ...spec }: Placed & FileSpec): Declared<FileSpec> {
  return { kind: 'file', id, on, needs, spec };
}

/** Content that is read at most: ours are small, and more is different anyway. */
const MAX_BYTES = 262144;

export const fileKind = {
  kind: 'file',
  asks,
  judge,
  undo,
  undoAsks,
  givesBack: true,
} satisfies Kind<FileSpec>;

/** What is at a path: first line type, mode and owner, then the content. Shared with who else looks at whole files. */
export function contentAsk(on: Ask['on'], path: string): Ask {
  return {
    key: `file ${path}`,
    on,
    sh: sh`
      if [ -e ${path} ]; then stat -L -c '%a %U %F' -- ${path}; else echo missing; fi
      [ -f ${path} ] && head -c ${MAX_BYTES} -- ${path}
    `,
    timeoutS: 10,
  };
}

/** A file as `contentAsk` saw it. */
export interface Seen {
  readonly mode: string;
  readonly owner: string;
  readonly type: string;
  readonly content: string;
}

/** Undefined: there is no such file. */
export function seenContent(answer: Given): Seen | undefined {
  const end = answer.text.indexOf('\n');
  const head = answer.text.slice(0, end);
  if (head === 'missing') return undefined;
  const [mode = '', owner = '', ...type] = head.split(' ');
  return { mode, owner, type: type.join(' '), content: answer.text.slice(end + 1) };
}

function asks(it: Declared<FileSpec>): Ask[] {
  const { path, onlyIn } = it.spec;
  const folder = (dir: string): Ask => ({
    key: `folder ${dir}`,
    on: it.on,
    sh: sh`[ -d ${dir} ] && echo yes`,
    timeoutS: 10,
  });
  return [contentAsk(it.on, path), ...(onlyIn ? [folder(onlyIn)] : [])];
}

function judge(it: Declared<FileSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (answer, folder) => {
    const { path, content, mode, onlyIn, afterwards } = it.spec;
    if (folder?.text === '') return { verdict: 'ok', because: `there is no ${onlyIn} on this machine` };
    const seen = seenContent(answer);
    if (seen && !seen.type.startsWith('regular')) {
      return refused(it.id, `${path} is a ${seen.type}`, 'something else put it there', `look at it: ls -ld ${path}`);
    }
    const wrong = difference(it.spec, seen);
    const late = afterwards && world.debts(ownHost(it)).includes(afterDebt(it));
    if (!wrong && !late) return { verdict: 'ok', because: `${path} has the right content` };
    return {
      verdict: 'change',
      because: wrong ?? `${path} was written, but an interruption left out: ${afterwards?.does}`,
      diff: wrong ? [{ what: path, before: seen ? shown(seen) : '', after: shown({ content, mode }) }] : [],
      moves: [
        {
          does: afterwards ? `write ${path}, then ${afterwards.does}` : `write ${path}`,
          on: it.on,
          run: lines(...keep(it, seen !== undefined, world), write(it)),
          deadlineS: 60,
        },
      ],
      ...(seen && wrong && !world.record(it.id) ? { adopts: true } : {}),
    };
  });
}

/**
 * What was there before the first change. A job that was cut off may have written its record and nothing else; with a
 * record that is done, what is there now is ours or came later.
 */
function keep(it: Declared<FileSpec>, isThere: boolean, world: World): Script[] {
  const record = world.record(it.id);
  if (!isThere) return [noteOnce(it.id, missing(posix.dirname(it.spec.path)))];
  const isForeign = !record || (record.origin === 'adopted' && record.state === 'pending');
  return isForeign ? [keepFile(it.id, it.spec.path)] : [];
}

/** What is wrong with the file, as a sentence. */
function difference({ path, content, mode }: FileSpec, seen: Seen | undefined): string | undefined {
  if (!seen) return `${path} does not exist`;
  if (seen.content !== content) return `${path} has another content`;
  if (seen.mode !== mode) return `${path} has mode ${seen.mode}, not ${mode}`;
  if (seen.owner !== 'root') return `${path} belongs to ${seen.owner}, not to root`;
  return undefined;
}

function shown({ content, mode, owner = 'root' }: { content: string; mode: string; owner?: string }): string {
  return `mode ${mode}${owner === 'root' ? '' : `, owner ${owner}`}\n${content}`;
}

function afterDebt(it: Declared<FileSpec>): string {
  return `after-${it.id.slice(0, it.id.indexOf('@')).replaceAll('/', '-')}`;
}

function write(it: Declared<FileSpec>): Script {
  const { path, content, mode, afterwards, owes } = it.spec;
  return lines(
    ...(owes ? [owe(owes)] : []),
    ...(afterwards ? [owe(afterDebt(it))] : []),
    writeFile(path, content, mode),
    ...(afterwards ? [afterwards.run, paid(afterDebt(it))] : []),
  );
}

function undoAsks(it: Recorded<FileSpec>): Ask[] {
  const { path, staysWith } = it.spec;
  const there = (unit: string): Ask => ({
    key: `there is ${unit}`,
    on: it.on,
    sh: sh`if systemctl cat ${unit} >/dev/null 2>&1; then echo yes; fi`,
    timeoutS: 10,
  });
  return [keptAsk(it, path), ...(staysWith ? [there(staysWith)] : [])];
}

function undo(it: Recorded<FileSpec>, world: World): Verdict {
  return judged(it, world, [contentAsk(it.on, it.spec.path), ...undoAsks(it)], (answer, kept, needs) => {
    const { path, staysWith, afterwards } = it.spec;
    const seen = seenContent(answer);
    const before = kept.text !== '';
    const late = afterwards && world.debts(ownHost(it)).includes(afterDebt(it));
    if (it.origin === 'adopted' && !before) return stays(`${path} was there before mlk8s`);
    const earlier = before ? `; what was there before mlk8s is in ${ORIGINALS}` : '';
    if (!late && !seen)
      return before ? stays(`${path} was removed after mlk8s wrote it${earlier}`) : gone(`${path} does not exist`);
    if (seen && difference(it.spec, seen)) {
      const isBack = kept.text.trim() === 'back';
      if (!isBack) return stays(`${path} was changed after mlk8s wrote it${earlier}`);
      if (!late) return gone(`${path} is as it was before mlk8s`);
    }
    if (seen && needs?.text && !world.leaving.includes(ownHost(it))) return stays(`${staysWith} needs ${path}`);
    const does = before ? `give ${path} its earlier content back` : `remove ${path}`;
    return {
      verdict: 'change',
      because: before ? 'mlk8s wrote it over another one' : 'it was written by mlk8s',
      moves: [
        {
          does: afterwards ? `${does}, then ${afterwards.does}` : does,
          on: it.on,
          run: takeBack(it, before),
          deadlineS: 60,
        },
      ],
    };
  });
}

/** Whoever reads the file must notice that it is gone, as it had to notice that it came. */
function takeBack(it: Recorded<FileSpec>, before: boolean): Script {
  const { path, afterwards, owes } = it.spec;
  return lines(
    ...(owes ? [owe(owes)] : []),
    ...(afterwards ? [owe(afterDebt(it))] : []),
    before ? restoreFile(it.id, path) : removeFile(it.id, path),
    ...(afterwards ? [afterwards.run, paid(afterDebt(it))] : []),
  );
}
