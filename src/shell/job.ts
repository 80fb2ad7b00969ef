import { dropPaid } from './debts.ts';
import { mark } from './job-end.ts';
import { lines, type Script, sh } from './script.ts';

/** Everything that mlk8s keeps on a machine: jobs, inventory, debts, the lock. Root's, 0700. */
export const MACHINE_STATE = '/var/lib/mlk8s';
/** Secrets of a running job. On a tmpfs, gone when the job ends. */
const SECRETS = '/run/mlk8s';
/** How many finished jobs a machine keeps. */
const KEPT_JOBS = 20;

/** One move as the job runs it. */
export interface JobMove {
  readonly run: Script;
  /** Seconds of the host's own clock. */
  readonly deadlineS: number;
}

/** One change of a job: what is remembered before and after, and the moves between. */
export interface JobChange {
  readonly moves: readonly JobMove[];
  /** Places in the job of changes that must have gone well before; it is skipped when one did not. */
  readonly needs: readonly number[];
  /** Writes the inventory record as pending. Before the first move. */
  readonly pending?: Script;
  /** Writes it as done. After the last move, if all went well. */
  readonly done?: Script;
}

/** A durable job: runs on the host as a transient systemd unit, whatever becomes of the client. */
export interface Job {
  /** Also the name of the unit: a second start of the same id is refused by systemd itself. */
  readonly id: string;
  readonly changes: readonly JobChange[];
  /** Files in `$INPUTS`, readable by root only. */
  readonly inputs: Readonly<Record<string, string>>;
}

const folder = (id: string) => `${MACHINE_STATE}/jobs/${id}`;
const unit = (id: string) => `mlk8s-${id}`;

/**
 * Starts the job unless it was started before (a lost connection leaves that open), and follows it to its end. One start
 * at a time: the second may come while the first, whose connection is gone, is still at it.
 */
export function startFrame(job: Job): string {
  const dir = folder(job.id);
  const secrets = `${SECRETS}/${job.id}`;
  const inputs = Object.entries(job.inputs).map(([name, value]) => sh`printf %s ${value} >${`${secrets}/${name}`}`);
  const moves = job.changes.flatMap((change, i) =>
    change.moves.map((move, k) => sh`printf '%s\n' ${move.run.bash} >${`${dir}/move-${i}-${k}`}`),
  );
  const commands = [
    sh`mkdir -p ${secrets}`,
    ...inputs,
    ...moves,
    sh`printf '%s\n' ${runner(job)} >${`${dir}/run`}`,
    sh`systemd-run --quiet --collect --unit=${unit(job.id)} --description=${`mlk8s job ${job.id}`} bash ${dir}/run`,
  ];
  // Every one must succeed: a disk that fills up half-way must not start half a job.
  const launch: Script = { bash: commands.map((command) => command.bash).join(' &&\n') };
  // Old jobs are removed while the new one begins.
  return lines(
    sh`
      umask 077
      mkdir -p ${MACHINE_STATE}/jobs ${MACHINE_STATE}/inventory ${MACHINE_STATE}/debts ${SECRETS}
      chmod 700 ${MACHINE_STATE} ${SECRETS}
      {
        flock -w 60 9 || exit 70
        if mkdir ${dir} 2>/dev/null || ! ${isStarted(job.id)}; then
          { ${launch}; } 9>&- || ${isStarted(job.id)} || { rm -rf ${secrets} ${dir}; exit 70; }
        fi
      } 9>>${MACHINE_STATE}/start.lock
      ls -1t ${MACHINE_STATE}/jobs | tail -n +${KEPT_JOBS + 1} | while read -r old; do
        [ -e ${MACHINE_STATE}/jobs/"$old"/exit ] && rm -rf ${MACHINE_STATE}/jobs/"$old"
      done
    `,
    follow(job.id, 0),
  ).bash;
}

/** Follows a job that was started earlier, by whomever. `offset`: bytes of its output that are known already. */
export function followFrame(id: string, offset: number): string {
  return follow(id, offset).bash;
}

/** True while the unit is there or has left an exit code: the second start of a job whose first answer was lost. */
function isStarted(id: string): Script {
  return sh`{ [ -e ${folder(id)}/pid ] || [ -e ${folder(id)}/exit ] || systemctl is-active --quiet ${unit(id)}; }`;
}

/**
 * True while the job's process lives. The command line is looked at as well as the number: after a power cut the number
 * in the file may be somebody else's.
 */
const isAlive: Script = sh`
  alive() { [ ! -e "$1/exit" ] && [ -e "$1/pid" ] && grep -qsF "\${1##*/}" "/proc/$(cat "$1/pid")/cmdline"; }
`;

/** Lists jobs without an exit code: id and whether they still run. */
export const listOpenJobs: Script = sh`
  ${isAlive}
  for dir in ${MACHINE_STATE}/jobs/*; do
    [ -d "$dir" ] && [ ! -e "$dir/exit" ] || continue
    id=\${dir##*/}
    if alive "$dir" || systemctl is-active --quiet "mlk8s-$id"; then echo "$id running"; else echo "$id gone"; fi
  done
`;

/** Marks a job that was interrupted (no unit, no exit code), so that nobody asks for it again; its secrets go. */
export function closeJob(id: string): Script {
  return sh`
    rm -rf ${`${SECRETS}/${id}`}
    [ -e ${folder(id)}/exit ] || echo interrupted >${folder(id)}/exit
  `;
}

/**
 * What the unit runs. Under one lock per machine, so that two jobs never overlap whatever clients believe. A move is a
 * file of its own under `timeout`; one that fails ends its change, and those that need it are skipped.
 */
function runner(job: Job): string {
  const dir = folder(job.id);
  const secrets = `${SECRETS}/${job.id}`;
  const changes = job.changes.map((change, i) => {
    const move = (deadlineS: number, k: number) =>
      `timeout -k 10 ${deadlineS} bash --norc --noprofile -euo pipefail ${dir}/move-${i}-${k}`;
    return attempt(
      job.id,
      change,
      i,
      change.moves.map((it, k) => move(it.deadlineS, k)),
      (line) => `echo "${line}" >>${dir}/progress`,
    );
  });
  return `: >>${dir}/output
echo $$ >${dir}/pid.new && mv ${dir}/pid.new ${dir}/pid || exit 75
exec >>${dir}/output 2>&1 </dev/null
export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
export INPUTS=${secrets}
umask 022
exec 8>${MACHINE_STATE}/job.lock
flock 8
[ ! -e ${dir}/exit ] || exit 0
trap 'rm -rf ${secrets}; echo finished >${dir}/exit.new; mv ${dir}/exit.new ${dir}/exit' EXIT
${sweep.bash}
# Programs started by a move must not keep the lock when they outlive it.
{
${changes.join('\n')}
} 8>&-
`;
}

/** Takes away what a power cut left: half a record beside the whole one, a debt that the reboot has paid. */
const sweep: Script = lines(
  sh`for file in ${MACHINE_STATE}/inventory/*.new; do [ ! -e "$file" ] || rm -f "$file"; done`,
  dropPaid,
);

/** One change of a job: skipped when one that it needs failed, else tried, and its status noted. */
function attempt(
  id: string,
  change: JobChange,
  i: number,
  moves: readonly string[],
  note: (line: string) => string,
): string {
  const steps = [change.pending?.bash, ...moves, change.done?.bash].filter((step) => step !== undefined);
  const needs = change.needs.map((need) => `\${failed[${need}]-}`).join('');
  return `if [ -z "${needs}" ]; then
echo '${mark(id)} begin ${i}'
{ ${steps.map((step) => `{ ${step}\n}`).join(' && ')}; } || failed[${i}]=$?
${note(`end ${i} \${failed[${i}]-0}`)}
else
failed[${i}]=skipped
${note(`skip ${i}`)}
fi`;
}

/**
 * The same changes without a unit, for the user's own workstation: nothing there needs root or outlives the client for
 * long. Prints what a followed job prints.
 */
export function directFrame(job: Job): string {
  const inputs = Object.entries(job.inputs).map(([name, value]) => sh`printf %s ${value} >"$INPUTS"/${name}`);
  const changes = job.changes.map((change, i) => {
    const moves = change.moves.map(
      (move) => sh`bash --norc --noprofile -euo pipefail -c ${move.run.bash} </dev/null`.bash,
    );
    return attempt(job.id, change, i, moves, (line) => `progress+="${line}"$'\\n'`);
  });
  return `
umask 077
INPUTS=$(mktemp -d "\${XDG_RUNTIME_DIR:-\${TMPDIR:-/tmp}}/mlk8s.XXXXXX") || exit 70
export INPUTS
trap 'rm -rf "$INPUTS"' EXIT
${lines(...inputs).bash}
progress=
{
${changes.join('\n')}
} 2>&1
printf '\\n%s ended\\nfinished\\n%s' '${mark(job.id)}' "$progress"
`;
}

/**
 * Prints the output as it grows, then how it ended. `tail --pid` waits for the job without asking again and again. A job
 * begins a few milliseconds after systemd-run has ended; systemd, which takes longer to answer, is asked when it does not.
 */
function follow(id: string, offset: number): Script {
  const dir = folder(id);
  return sh`
    ${isAlive}
    for try in 1 2 3 4 5 6 7 8 9 10; do [ -e ${dir}/pid ] && break; sleep 0.005; done
    until [ -e ${dir}/pid ] || ! systemctl is-active --quiet ${unit(id)}; do sleep 0.05; done
    if alive ${dir}; then
      tail -c ${`+${offset + 1}`} -s 0.01 --pid="$(cat ${dir}/pid)" -f ${dir}/output
    else
      tail -c ${`+${offset + 1}`} ${dir}/output 2>/dev/null
    fi
    printf '\n%s ended\n' ${mark(id)}
    if [ -e ${dir}/exit ]; then cat ${dir}/exit; else echo interrupted; fi
    cat ${dir}/progress 2>/dev/null
    if [ ! -s ${dir}/progress ] || grep -qv ' 0$' ${dir}/progress; then
      ${listFullDisks}
    fi
    true
  `;
}

/**
 * Mount points of what a job writes to, where there is no more room. A job on a full disk can neither keep its output
 * nor say how it ended.
 */
const listFullDisks: Script = sh`
  df -Pk / ${MACHINE_STATE} /var/snap /run /tmp 2>/dev/null | sort -u | while read -r _ _ _ free _ at; do
    case $free in [0-9] | [0-9][0-9]) echo "full $at" ;; esac
  done
`;
