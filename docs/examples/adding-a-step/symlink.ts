import { posix } from 'node:path';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../../../src/engine/types.ts';
import { judged, refused } from '../../../src/resources/answers.ts';
import type { Placed } from '../../../src/resources/declare.ts';
import { gone, stays } from '../../../src/resources/stays.ts';
import { unfinished } from '../../../src/resources/write.ts';
import { sh } from '../../../src/shell/script.ts';

/** A symbolic link. What is at its target is left alone. */
export type SymlinkSpec = { readonly path: string; readonly target: string };

export function symlink({ id, on, needs, ...spec }: Placed & SymlinkSpec): Declared<SymlinkSpec> {
  return { kind: 'symlink', id, on, needs, spec };
}

export const symlinkKind: Kind<SymlinkSpec> = { kind: 'symlink', asks, judge, undo };

/** First line: what is there. Second line: where it leads. That nothing is there is said too, never left to silence. */
function asks(it: Declared<SymlinkSpec>): Ask[] {
  const { path } = it.spec;
  const script = sh`
    if [ -L ${path} ] || [ -e ${path} ]; then
      stat -c %F -- ${path}
      readlink -- ${path}
    else
      echo missing
    fi
  `;
  return [{ key: `symlink ${path}`, on: it.on, sh: script, timeoutS: 10 }];
}

function judge(it: Declared<SymlinkSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { path, target } = it.spec;
    const [type = '', now = ''] = text.split('\n');
    const there = type === 'symbolic link';
    if (type === '') {
      const why = 'its disk may have failed under the question';
      return refused(it.id, `nothing is known of ${path}`, why, `look at it: ls -ld ${path}`);
    }
    if (!there && type !== 'missing') {
      const seen = `${path} is a ${type}, not a symbolic link`;
      return refused(it.id, seen, 'something else put it there', `look at it: ls -ld ${path}`);
    }
    if (there && now === target) return { verdict: 'ok', because: `${path} leads to ${target}` };
    return {
      verdict: 'change',
      because: there ? `${path} leads to ${now}` : `${path} does not exist`,
      diff: [{ what: path, before: there ? now : '', after: target }],
      moves: [{ does: `link ${path} to ${target}`, on: it.on, run: link(it.spec), deadlineS: 30 }],
      ...(there && !world.record(it.id) ? { adopts: true } : {}),
    };
  });
}

/** One rename: who looks sees the old link or the new one. What an interrupted run left is replaced. */
function link({ path, target }: SymlinkSpec) {
  return sh`
    mkdir -p -- ${posix.dirname(path)}
    ln -sfnT -- ${target} ${unfinished(path)}
    mv -fT -- ${unfinished(path)} ${path}
  `;
}

/** Only of what mlk8s created. What somebody changed since is theirs. */
function undo(it: Recorded<SymlinkSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }) => {
    const { path, target } = it.spec;
    const [type = '', now = ''] = text.split('\n');
    if (type === 'missing') return gone(`${path} does not exist`);
    if (type !== 'symbolic link' || now !== target) return stays(`${path} was changed after mlk8s made it`);
    const moves = [{ does: `remove the link ${path}`, on: it.on, run: sh`rm -f -- ${path}`, deadlineS: 30 }];
    return { verdict: 'change', because: 'it was made by mlk8s', moves };
  });
}
