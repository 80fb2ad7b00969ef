import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { missing, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, stays } from './stays.ts';

/** A folder of root's. What is in it is left alone. */
export type DirectorySpec = {
  readonly path: string;
  /** Octal, as `stat` prints it: `755`. */
  readonly mode: string;
};

export function directory({ id, on, needs, ...spec }: Placed & DirectorySpec): Declared<DirectorySpec> {
  return { kind: 'directory', id, on, needs, spec };
}

export const directoryKind: Kind<DirectorySpec> = {
  kind: 'directory',
  asks,
  judge,
  undo,
  undoAsks: (it) => [fullAsk(it)],
};

function asks(it: Declared<DirectorySpec>): Ask[] {
  const { path } = it.spec;
  const script = sh`if [ -e ${path} ]; then stat -L -c '%a %U %F' -- ${path}; else echo missing; fi`;
  return [{ key: `directory ${path}`, on: it.on, sh: script, timeoutS: 10 }];
}

function judge(it: Declared<DirectorySpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { path, mode } = it.spec;
    const now = text.trim();
    const [nowMode = '', owner = '', ...type] = now.split(' ');
    const there = now !== 'missing';
    if (there && type.join(' ') !== 'directory') {
      const next = `move it away (mv ${path} ${path}.old), or name another folder in the cluster file`;
      return refused(it.id, `${path} is a ${type.join(' ')}, not a folder`, 'something else uses that name', next);
    }
    if (nowMode === mode && owner === 'root') return { verdict: 'ok', because: `${path} is root's, mode ${mode}` };
    return {
      verdict: 'change',
      because: there ? `${path} is ${owner}'s with mode ${nowMode}` : `${path} does not exist`,
      diff: [{ what: path, before: there ? `${nowMode} ${owner}` : '', after: `${mode} root` }],
      moves: [{ does: `make the folder ${path}`, on: it.on, run: make(it, there && owner !== 'root'), deadlineS: 30 }],
      ...(there && !world.record(it.id) ? { adopts: true } : {}),
    };
  });
}

function make({ id, spec: { path, mode } }: Declared<DirectorySpec>, foreign: boolean): Script {
  return lines(
    noteOnce(id, missing(path)),
    sh`
      mkdir -p -- ${path}
      ${foreign ? sh`chown root:root -- ${path}` : sh``}
      chmod ${mode} -- ${path}
    `,
  );
}

/** Is there something in it? Prints `full`. */
function fullAsk(it: Recorded<DirectorySpec>): Ask {
  const { path } = it.spec;
  const script = sh`[ -z "$(ls -A -- ${path} | head -c 1)" ] || echo full`;
  return { key: `content of ${path}`, on: it.on, sh: script, timeoutS: 10 };
}

/** Data that somebody put there is nobody's to throw away. */
function undo(it: Recorded<DirectorySpec>, world: World): Verdict {
  return judged(it, world, [...asks(it), fullAsk(it)], ({ text }, full) => {
    const { path } = it.spec;
    if (text.trim() === 'missing') return gone(`${path} does not exist`);
    if (full.text !== '') return stays(`there is something in ${path}`);
    const run = lines(sh`rmdir --ignore-fail-on-non-empty -- ${path}`, removeMade(it.id));
    const moves = [{ does: `remove the empty folder ${path}`, on: it.on, run, deadlineS: 30 }];
    return { verdict: 'change', because: 'it was made by mlk8s', moves };
  });
}
