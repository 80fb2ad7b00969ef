import type { Ask, Declared, Id, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { asUser } from '../shell/as-user.ts';
import { noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { noAccount } from './account.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { type Block, blockOf, printBlock, replaceBlock, takenOut } from './file-block.ts';
import { condaAsk, condaInstead } from './miniforge.ts';
import { gone } from './stays.ts';

/**
 * Lines of ours in a file in somebody's home, between two markers. Read and written as that account: its links may lead
 * where they like, and root leaves nothing of its own there.
 */
export type HomeBlockSpec = Block & {
  readonly user: string;
  /** Below the home: `.bashrc`. */
  readonly path: string;
  /** It is about the conda of this resource: who has another one has no use for it. */
  readonly ofConda?: Id;
};

export function homeBlock({ id, on, needs, ...spec }: Placed & HomeBlockSpec): Declared<HomeBlockSpec> {
  return { kind: 'home-block', id, on, needs, spec };
}

export const homeBlockKind: Kind<HomeBlockSpec> = {
  kind: 'home-block',
  asks,
  judge,
  undo,
};

function asks(it: Declared<HomeBlockSpec>): Ask[] {
  const { user, ofConda } = it.spec;
  return [blockAsk(it), ...(ofConda ? [condaAsk(it.on, user)] : [])];
}

const file: Script = sh`"$file"`;
const draft: Script = sh`"$draft"`;

/** The file itself where the path is a link to it, and the name that it has until it is complete. */
function look({ path }: HomeBlockSpec): Script {
  return sh`
    file=$(readlink -f -- ${path})
    draft=$(dirname "$file")/.$(basename "$file").mlk8s
  `;
}

function blockAsk(it: Declared<HomeBlockSpec>): Ask {
  const { user, name = '' } = it.spec;
  const script = asUser(user, lines(look(it.spec), printBlock(it.spec, file)));
  return { key: `block ${name} in ${shown(it.spec)}`, on: it.on, sh: script, timeoutS: 15 };
}

function shown({ user, path }: HomeBlockSpec): string {
  return `~${user}/${path}`;
}

function judge(it: Declared<HomeBlockSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text, status }, conda) => {
    const { user, ofConda } = it.spec;
    if (status === 127) return noAccount(it.id, user);
    const others = conda && ofConda ? condaInstead(conda.text, world.record(ofConda)?.state) : [];
    if (others.length > 0) return { verdict: 'ok', because: `${user} has another conda: ${others.join(', ')}` };
    const where = shown(it.spec);
    const wanted = blockOf(it.spec);
    if (text === `1\n${wanted}`) return { verdict: 'ok', because: `${where} has the block of mlk8s` };
    const before = takenOut(it.spec, text);
    return {
      verdict: 'change',
      because: before === '' ? `${where} has no block of mlk8s` : `the block of mlk8s in ${where} is not the right one`,
      diff: [{ what: where, before, after: wanted }],
      moves: [{ does: `write the block of mlk8s into ${where}`, on: it.on, run: write(it), deadlineS: 60 }],
    };
  });
}

function write({ id, spec }: Declared<HomeBlockSpec>): Script {
  const { user, path } = spec;
  const missing = sh`
    file=$(getent passwd ${user} | cut -d : -f 6)/${path}
    [ -e "$file" ] || [ -L "$file" ] || echo "$file"
  `;
  const put = sh`
    [ -e "$file" ] || : >"$file"
    ${replaceBlock(spec, blockOf(spec), file, draft)}
  `;
  return lines(noteOnce(id, missing), asUser(user, lines(look(spec), put)));
}

/** Takes out what stands between the markers; a file that was made for it and is empty then goes too. */
function undo(it: Recorded<HomeBlockSpec>, world: World): Verdict {
  return judged(it, world, [blockAsk(it)], ({ text, status }) => {
    const where = shown(it.spec);
    if (status === 127) return gone(`there is no account ${it.spec.user}`);
    const before = takenOut(it.spec, text);
    if (before === '') return gone(`${where} has no block of mlk8s`);
    const out = asUser(it.spec.user, lines(look(it.spec), replaceBlock(it.spec, '', file, draft)));
    return {
      verdict: 'change',
      because: 'it was written by mlk8s',
      diff: [{ what: where, before, after: '' }],
      moves: [
        {
          does: `take the block of mlk8s out of ${where}`,
          on: it.on,
          run: lines(out, removeMade(it.id)),
          deadlineS: 60,
        },
      ],
    };
  });
}
