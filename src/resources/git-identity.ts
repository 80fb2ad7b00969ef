import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { asUser } from '../shell/as-user.ts';
import { noteLines, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { noAccount } from './account.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, noteAsk } from './stays.ts';

/** git knows who commits. What the account has set itself is not written over. */
export type GitIdentitySpec = { readonly user: string; readonly name: string; readonly email: string };

export function gitIdentity({ id, on, needs, ...spec }: Placed & GitIdentitySpec): Declared<GitIdentitySpec> {
  return { kind: 'git-identity', id, on, needs, spec };
}

export const gitIdentityKind: Kind<GitIdentitySpec> = {
  kind: 'git-identity',
  asks: (it) => [identityAsk(it), noteAsk(it)],
  judge,
  undo,
};

/** In the order in which people write them: Anna <anna@example.com>. */
const KEYS = ['name', 'email'] as const;
type Key = (typeof KEYS)[number];

/** A line for each value; included files count, because git reads them too. */
function identityAsk({ on, spec: { user } }: Declared<GitIdentitySpec>): Ask {
  const script = sh`
    if command -v git >/dev/null; then
      for key in ${KEYS}; do
        if value=$(git config --global --includes --get "user.$key"); then echo "$key $value"; fi
      done
    fi
    echo end
  `;
  return { key: `git identity of ${user}`, on, sh: asUser(user, script), timeoutS: 15 };
}

function valuesIn(text: string): Partial<Record<Key, string>> {
  const found = KEYS.flatMap((key) => {
    const [, value] = new RegExp(`^${key} (.*)$`, 'm').exec(text) ?? [];
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(found);
}

/** What the note says of a value that mlk8s set. */
const line = (key: Key, value: string) => `user.${key}=${value}`;

/** Keys whose value mlk8s set, for this cluster file or an earlier one. */
function ours(now: Partial<Record<Key, string>>, note: string): Key[] {
  const noted = note.split('\n');
  return KEYS.filter((key) => noted.includes(line(key, now[key] ?? '')));
}

function judge(it: Declared<GitIdentitySpec>, world: World): Verdict {
  return judged(it, world, [identityAsk(it), noteAsk(it)], ({ text, status }, note) => {
    const { user } = it.spec;
    if (status === 127) return noAccount(it.id, user);
    const now = valuesIn(text);
    const mine = ours(now, note.text);
    const wrong = KEYS.filter((key) => now[key] === undefined || (mine.includes(key) && now[key] !== it.spec[key]));
    if (wrong.length > 0) return change(it, now, wrong);
    const own = KEYS.filter((key) => now[key] !== it.spec[key]).map((key) => `user.${key} is ${now[key]}`);
    if (own.length === 0) return { verdict: 'ok', because: `git knows ${user} as ${it.spec.name} <${it.spec.email}>` };
    const because = `${user} has told git another one before: ${own.join(', ')}; it is left alone`;
    return { verdict: 'ok', because, shown: true };
  });
}

function change(it: Declared<GitIdentitySpec>, now: Partial<Record<Key, string>>, keys: readonly Key[]): Verdict {
  const { user } = it.spec;
  return {
    verdict: 'change',
    because: `git has no ${keys.map((key) => `user.${key}`).join(' and no ')} of the file for ${user}`,
    diff: keys.map((key) => ({ what: `git config user.${key}`, before: now[key] ?? '', after: it.spec[key] })),
    moves: [{ does: `tell git who ${user} is`, on: it.on, run: tell(it, keys), deadlineS: 30 }],
  };
}

/** git writes to .config/git/config where that is there and .gitconfig is not. */
function tell({ id, spec }: Declared<GitIdentitySpec>, keys: readonly Key[]): Script {
  const missing = sh`
    file=$(getent passwd ${spec.user} | cut -d : -f 6)/.gitconfig
    [ -e "$file" ] || [ -L "$file" ] || echo "$file"
  `;
  return lines(
    noteOnce(id, missing),
    noteLines(
      id,
      keys.map((key) => line(key, spec[key])),
    ),
    asUser(spec.user, lines(...keys.map((key) => sh`git config --global ${`user.${key}`} ${spec[key]}`))),
  );
}

/** Only what is still as mlk8s set it. */
function undo(it: Recorded<GitIdentitySpec>, world: World): Verdict {
  return judged(it, world, [identityAsk(it), noteAsk(it)], ({ text }, note) => {
    const { user } = it.spec;
    const now = valuesIn(text);
    const keys = ours(now, note.text);
    if (keys.length === 0) return gone(`git knows nothing of ${user} because of mlk8s`);
    const forget = keys.map((key) => sh`git config --global --unset-all ${`user.${key}`}`);
    const run = lines(asUser(user, lines(...forget)), removeMade(it.id));
    const moves = [{ does: `have git forget who ${user} is`, on: it.on, run, deadlineS: 30 }];
    return { verdict: 'change', because: 'it was set by mlk8s', moves };
  });
}
