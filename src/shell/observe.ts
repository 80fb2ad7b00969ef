import type { Answer } from '../engine/types.ts';
import { quote, type Script } from './script.ts';

/** What one ask may print. More is cut: an ask that prints without end must not fill the machine's /run. */
const MAX_ANSWER_KIB = 4096;
/** Exit status of the guard before a cluster ask on a machine that is a worker. */
const IS_WORKER = 69;
const CLUSTERED_LOCK = '/var/snap/microk8s/current/var/lock/clustered.lock';

/** One ask as it goes on the wire; `cluster` puts the guard before it that keeps workers from answering. */
export interface FramedAsk {
  readonly key: string;
  readonly sh: Script;
  /** Real seconds. */
  readonly seconds: number;
  readonly cluster: boolean;
}

/**
 * One script that asks everything. Each ask is a subshell of its own with its own process group, output file and
 * watchdog, so that no ask can break another. Subshells instead of `timeout bash -c` save two programs per ask.
 */
export function observeFrame(asks: readonly FramedAsk[]): string {
  const calls = asks.map((ask, i) => `ask ${String(i).padStart(4, '0')} ${ask.seconds} ${quote(guarded(ask))}`);
  return `
set -m
d=$(mktemp -d /run/mlk8s-asks.XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$d"' EXIT
watchdog() {
  while read -r pid seconds name; do
    read -r -t "$seconds" _ && continue
    : >"$d/$name.late"
    kill -KILL -- "-$pid" 2>/dev/null
    read -r _
  done
}
exec 3> >(watchdog)
ask() {
  (ulimit -f ${MAX_ANSWER_KIB}; exec 3>&-; eval "$3") </dev/null >"$d/$1" 2>/dev/null &
  echo "$! $2 $1" >&3
  { wait "$!"; } 2>/dev/null
  local status=$?
  echo >&3
  if [ -e "$d/$1.late" ]; then rm -f "$d/$1.late"; status=late; fi
  statuses+="$1 $status"$'\\n'
}
statuses=
${calls.join('\n')}
exec 3>&-
printf 'answers %d\\n%s' ${asks.length} "$statuses"
cd "$d" && wc -c -- * | head -n ${asks.length}
echo
cat -- *
`;
}

function guarded(ask: FramedAsk): string {
  return ask.cluster ? `[ ! -e ${CLUSTERED_LOCK} ] || exit ${IS_WORKER}\n${ask.sh.bash}` : ask.sh.bash;
}

/** What came back is not what the frame prints: cut off, or mixed with somebody else's words. */
export class DamagedAnswers extends Error {
  override readonly name = 'DamagedAnswers';
}

/** Reads what the frame printed. Throws DamagedAnswers. */
export function parseAnswers(stdout: Buffer, asks: readonly FramedAsk[]): Answer[] {
  if (asks.length === 0) return [];
  const headEnd = stdout.indexOf('\n\n');
  const head = stdout.subarray(0, Math.max(headEnd, 0)).toString('latin1').split('\n');
  if (headEnd < 0 || head.length !== 1 + 2 * asks.length || head[0] !== `answers ${asks.length}`) {
    throw new DamagedAnswers('the answers have no head, or not the right one');
  }
  let offset = headEnd + 2;
  const answers = asks.map((ask, i): Answer => {
    const status = head[1 + i]?.split(' ')[1] ?? '';
    const count = (head[1 + asks.length + i] ?? '').trim().split(/\s+/)[0] ?? '';
    if (!/^(\d+|late)$/.test(status) || !/^\d+$/.test(count))
      throw new DamagedAnswers(`answer ${i} has a damaged head`);
    const size = Number(count);
    // No word of a script can hold a NUL: with another sign in its place the answer is still not what it should be.
    const text = stdout
      .subarray(offset, offset + size)
      .toString('utf8')
      .replaceAll('\0', '\uFFFD');
    offset += size;
    if (status === 'late') return { kind: 'timeout' };
    if (ask.cluster && Number(status) === IS_WORKER) return { kind: 'absent' };
    return { kind: 'bytes', text, status: Number(status), cut: size >= MAX_ANSWER_KIB * 1024 };
  });
  if (offset !== stdout.length)
    throw new DamagedAnswers(`${stdout.length - offset} bytes are left after the last answer`);
  return answers;
}
