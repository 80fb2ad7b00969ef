import { directFrame, type Job, type JobChange } from '../shell/job.ts';
import { type JobEnd, parseJobEnd } from '../shell/job-end.ts';
import { type Script, sh } from '../shell/script.ts';
import { type Host, HostError } from '../transport/host.ts';
import { recordFor, removeRecord, writeRecord } from './inventory.ts';
import { type JobListener, JobRefused, jobId, runJob } from './jobs.ts';
import type { Change } from './planner.ts';
import type { Id, InventoryRecord, Move } from './types.ts';

/** Seconds that a job may wait for another job of the same machine, besides its own moves. */
const QUEUE_S = 900;

type RunMove = Extract<Move, { run: Script }>;

/** What applying a change needs to know of its surroundings. */
export interface Surroundings {
  readonly cluster: string;
  /** What becomes of the record; `none`: the kind leaves nothing behind. */
  readonly record: 'write' | 'remove' | 'none';
  readonly known: InventoryRecord | undefined;
  /** What the record says it was built on. */
  readonly needs: readonly Id[];
}

/** Puts a change into the form of a job: pending record, moves, done record. */
export function jobChange(
  change: Change,
  at: Surroundings,
  moves: readonly RunMove[],
  part: { readonly first: boolean; readonly last: boolean; readonly needs: readonly number[] },
): JobChange {
  const record = (state: InventoryRecord['state']): Script =>
    writeRecord(recordFor(change.it, state, at.known, change.verdict.adopts ?? false, at), at.cluster);
  const done = { write: () => record('done'), remove: () => removeRecord(change.it, at.cluster), none: undefined };
  const last = part.last ? done[at.record]?.() : undefined;
  return {
    moves: moves.map((move) => ({ run: move.run, deadlineS: move.deadlineS })),
    needs: part.needs,
    ...(part.first && at.record === 'write' ? { pending: record('pending') } : {}),
    ...(last ? { done: last } : {}),
  };
}

/** Runs a job on its machine: as a durable unit, on the workstation in the user's own shell. */
export async function runOn(
  host: Host,
  changes: readonly JobChange[],
  inputs: Readonly<Record<string, string>>,
  listener: JobListener,
  letGo: AbortSignal,
): Promise<JobEnd> {
  const job: Job = { id: jobId(host.clock.now()), changes, inputs };
  const deadlineS = changes.flatMap((c) => c.moves).reduce((sum, move) => sum + move.deadlineS, QUEUE_S);
  if (host.name !== 'workstation') return runJob(host, job, deadlineS, listener, letGo);
  const result = await host.exec(directFrame(job), { deadlineS, signal: letGo });
  const text = result.stdout.toString('utf8');
  for (const line of text.split('\n')) if (line !== '' && !line.startsWith('mlk8s-job ')) listener.line(line);
  const end = parseJobEnd(job.id, text);
  if (!end) throw new JobRefused(result.stderr.trim() || `status ${result.code}`);
  return end;
}

/** Runs a move that is no durable job: its output never touches a disk. Gives that output. */
export async function runBare(host: Host, move: RunMove, letGo: AbortSignal): Promise<string> {
  const script = sh`bash --norc --noprofile -euo pipefail -c ${move.run.bash} </dev/null`;
  const result = await host.exec(script.bash, { deadlineS: move.deadlineS, signal: letGo });
  if (result.code !== 0) throw new MoveFailed(result.code, result.stderr.trim().split('\n').slice(-5));
  const value = result.stdout.toString('utf8').trim();
  if (value.includes('\0')) throw new MoveFailed(result.code, ['what it printed is no text']);
  return value;
}

/** A move ended with a status other than 0. */
export class MoveFailed extends Error {
  override readonly name = 'MoveFailed';
  readonly status: number;
  readonly tail: readonly string[];
  /** Mount points of full disks. */
  readonly full: readonly string[];

  constructor(status: number, tail: readonly string[], full: readonly string[] = []) {
    super(`status ${status}`);
    this.status = status;
    this.tail = tail;
    this.full = full;
  }
}

/** Seconds until a machine must be back after a reboot. facts: gpu-and-nodes sheet, section 6 (poll up to 10 min). */
const REBOOT_S = 600;
const awaitMicroK8s = sh`[ ! -e /snap/bin/microk8s ] || timeout 600 microk8s status --wait-ready >/dev/null`;
const readBootId = 'cat /proc/sys/kernel/random/boot_id';

/** Reboots a machine and waits until it answers with another boot id and has finished starting. */
export async function reboot(host: Host, letGo: AbortSignal): Promise<void> {
  const before = (await host.exec(readBootId, { deadlineS: 30 })).stdout.toString().trim();
  // Timers may be a minute late unless told otherwise.
  const order = 'systemd-run --quiet --on-active=2 --timer-property=AccuracySec=1s systemctl reboot';
  const ordered = await host.exec(order, { deadlineS: 60 });
  if (ordered.code !== 0) throw new MoveFailed(ordered.code, [ordered.stderr.trim()]);
  const until = host.clock.now().getTime() + REBOOT_S * 1000;
  let last: HostError | undefined;
  while (host.clock.now().getTime() < until) {
    await host.clock.sleep(5, letGo);
    try {
      const now = (await host.exec(readBootId, { deadlineS: 30, signal: letGo })).stdout.toString().trim();
      if (now === before || now === '') continue;
      await host.exec('timeout 300 systemctl is-system-running --wait', { deadlineS: 360, signal: letGo });
      // A control plane counts for the quorum only when its datastore is back: the next one's turn must not come before.
      const back = await host.exec(awaitMicroK8s.bash, { deadlineS: 660, signal: letGo });
      if (back.code !== 0) throw new MoveFailed(back.code, ['MicroK8s is not ready after the reboot']);
      return;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      last = error;
    }
  }
  throw new HostError('unreachable', {
    where: host.name,
    seen: `it did not come back within ${REBOOT_S / 60} minutes after its reboot`,
    why: last ? `the last try said: ${last.problem.seen}` : 'it answers, but it did not reboot',
    next: ['look at its screen, start it, and run the same command again'],
  });
}
