import { createHash } from 'node:crypto';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { owe, paid } from '../shell/debts.ts';
import { giveBack, keepFile, keptPath, missing, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Bash, Placed } from './declare.ts';
import { contentAsk, seenContent } from './file.ts';
import { gone, stays } from './stays.ts';
import { unfinished } from './write.ts';

/**
 * Words in a list of a JSON file that belongs to somebody else. All other keys and words are kept; the file may hold
 * passwords of theirs, so nothing but the list is shown.
 */
export type JsonListSpec = {
  readonly path: string;
  /** Key of the list, at the top of the file. */
  readonly key: string;
  readonly words: readonly string[];
  /** Must run after the file was written. Owed until it did. */
  readonly afterwards: { readonly does: string; readonly run: Bash };
};

export function jsonList({ id, on, needs, ...spec }: Placed & JsonListSpec): Declared<JsonListSpec> {
  return { kind: 'json-list', id, on, needs, spec };
}

export const jsonListKind: Kind<JsonListSpec> = {
  kind: 'json-list',
  asks: (it) => [contentAsk(it.on, it.spec.path)],
  judge,
  undo,
  undoAsks: (it) => [keptAsk(it)],
  givesBack: true,
};

type Data = Readonly<Record<string, unknown>>;

/** What a file says, `{}` when it is empty; a text is what is wrong with it. */
function parse(content: string, key: string): Data | string {
  let data: unknown;
  try {
    data = content.trim() === '' ? {} : JSON.parse(content);
  } catch {
    return 'it is no JSON';
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'it is no JSON object';
  const list = (data as Data)[key] ?? [];
  return Array.isArray(list) ? (data as Data) : `${key} in it is no list`;
}

function listIn(data: Data, key: string): readonly unknown[] {
  return (data[key] ?? []) as readonly unknown[];
}

/** In the style that the file has: its own indentation, and a line break at the end. */
function print(data: Data, before: string): string {
  const indent = /^[{[]\s*\n([ \t]+)/.exec(before.trimStart())?.[1] ?? '  ';
  return `${JSON.stringify(data, null, indent)}\n`;
}

function withWords(content: string, { key, words }: JsonListSpec): string | undefined {
  const data = parse(content, key);
  if (typeof data === 'string') return undefined;
  const list = listIn(data, key);
  return print({ ...data, [key]: [...list, ...words.filter((word) => !list.includes(word))] }, content);
}

function judge(it: Declared<JsonListSpec>, world: World): Verdict {
  return judged(it, world, [contentAsk(it.on, it.spec.path)], (answer) => {
    const { path, key, words, afterwards } = it.spec;
    const seen = seenContent(answer);
    const data = parse(seen?.content ?? '', key);
    if (typeof data === 'string') {
      return refused(it.id, `${path} cannot be added to: ${data}`, 'it was damaged', `mend it: ${path}`);
    }
    const list = listIn(data, key);
    const lacking = words.filter((word) => !list.includes(word));
    const isLate = world.debts(ownHost(it)).includes(debtOf(it));
    if (lacking.length === 0 && !isLate) return { verdict: 'ok', because: `${path} has ${words.join(', ')} in ${key}` };
    const show = (shown: readonly unknown[]) => `"${key}": ${JSON.stringify(shown)}`;
    return {
      verdict: 'change',
      because:
        lacking.length > 0
          ? `${path} has no ${lacking.join(', ')} in ${key}`
          : `${path} was written, but an interruption left out: ${afterwards.does}`,
      diff: [{ what: path, before: show(list), after: show([...list, ...lacking]) }],
      moves: [
        {
          does: `add ${words.join(', ')} to ${key} in ${path}, then ${afterwards.does}`,
          on: it.on,
          run: write(it, seen?.content),
          deadlineS: 120,
          inputs: { content: { secret: withWords(seen?.content ?? '', it.spec) ?? '' } },
        },
      ],
    };
  });
}

function debtOf({ id }: Declared<JsonListSpec>): string {
  return `after-${id.slice(0, id.indexOf('@')).replaceAll('/', '-')}`;
}

/** Mode and owner of the file that is there stay as they are. */
function put(path: string): Script {
  return sh`
    cp -- "$INPUTS/content" ${unfinished(path)}
    chmod 644 ${unfinished(path)}
    if [ -e ${path} ]; then
      chmod --reference=${path} ${unfinished(path)}
      chown --reference=${path} ${unfinished(path)}
    fi
    sync -- ${unfinished(path)}
    mv -fT -- ${unfinished(path)} ${path}
  `;
}

/** Stops where something else has written the file since the question: an installation before this, for example. */
function unchanged(path: string, before: string | undefined): Script {
  const sum = before === undefined ? 'none' : createHash('sha256').update(before).digest('hex');
  return sh`
    now=none
    if [ -e ${path} ]; then now=$(sha256sum <${path} | cut -d ' ' -f 1); fi
    [ "$now" = ${sum} ] || { echo ${`${path} was changed meanwhile by something else`} >&2; exit 1; }
  `;
}

function write(it: Declared<JsonListSpec>, before: string | undefined): Script {
  const { path, afterwards } = it.spec;
  return lines(
    unchanged(path, before),
    before !== undefined ? keepFile(it.id, path) : noteOnce(it.id, missing(path)),
    owe(debtOf(it)),
    sh`mkdir -p -- "$(dirname ${path})"`,
    put(path),
    afterwards.run,
    paid(debtOf(it)),
  );
}

/** The file as it was before, if there was one. */
function keptAsk({ id, on }: Recorded<JsonListSpec>): Ask {
  const kept = keptPath(id);
  return { key: `kept ${id}`, on, sh: sh`if [ -e ${kept} ]; then echo kept; cat ${kept}; fi`, timeoutS: 10 };
}

/** The file as it was, if nobody changed it since; else only our words go. */
function undo(it: Recorded<JsonListSpec>, world: World): Verdict {
  return judged(it, world, [contentAsk(it.on, it.spec.path), keptAsk(it)], (answer, kept) => {
    const { path, key, words } = it.spec;
    const seen = seenContent(answer);
    if (!seen) return gone(`${path} does not exist`);
    const before = kept.text.startsWith('kept\n') ? kept.text.slice('kept\n'.length) : undefined;
    if (seen.content === before) return gone(`${path} is as it was before mlk8s`);
    const data = parse(seen.content, key);
    if (typeof data === 'string') return stays(`${path} was changed after mlk8s wrote it: ${data}`);
    const theirs = parse(before ?? '', key);
    const own = typeof theirs === 'string' ? [] : listIn(theirs, key);
    const rest = listIn(data, key).filter((word) => !words.includes(word as string) || own.includes(word));
    if (rest.length === listIn(data, key).length) return gone(`${path} has none of ${words.join(', ')}`);
    const isOurs = seen.content === withWords(before ?? '', it.spec);
    const { [key]: _, ...others } = data;
    const content = print(rest.length > 0 ? { ...data, [key]: rest } : others, seen.content);
    return {
      verdict: 'change',
      because: 'it was added by mlk8s',
      moves: [
        {
          does: `take ${words.join(', ')} out of ${path}, then ${it.spec.afterwards.does}`,
          on: it.on,
          run: takeOut(it, isOurs, before !== undefined),
          deadlineS: 120,
          inputs: { content: { secret: content } },
        },
      ],
    };
  });
}

function takeOut(it: Recorded<JsonListSpec>, isOurs: boolean, wasThere: boolean): Script {
  const { path, afterwards } = it.spec;
  const back = wasThere ? giveBack(it.id, path, unfinished(path)) : lines(sh`rm -f -- ${path}`, removeMade(it.id));
  return lines(owe(debtOf(it)), isOurs ? back : put(path), afterwards.run, paid(debtOf(it)));
}
