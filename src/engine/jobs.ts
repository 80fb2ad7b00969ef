import { randomBytes } from 'node:crypto';
import { followFrame, type Job, startFrame } from '../shell/job.ts';
import { type JobEnd, mark, parseJobEnd } from '../shell/job-end.ts';
import { type ExecResult, type Host, HostError } from '../transport/host.ts';
import { Bytes } from '../transport/wire.ts';

/** Seconds that a host may be away under a running job before the run goes on without it. */
const AWAY_S = 180;

/** Listens to the output of a job. */
export interface JobListener {
  /** The change with that place in the job began. */
  begin(change: number): void;
  line(text: string): void;
  /** The connection was lost under it; the job goes on, and the host is tried for `AWAY_S` seconds. */
  away(seen: string): void;
}

/** A new id: time for people, random for the machine. Safe in file names, unit names and shell words. */
export function jobId(now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

/** The job could not even be started: nothing was changed. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}

/**
 * Starts a job and follows it to its end, over lost connections. Throws HostError when the host stays away, JobRefused
 * when the host did not start it.
 */
export function runJob(
  host: Host,
  job: Job,
  deadlineS: number,
  listener: JobListener,
  letGo: AbortSignal,
): Promise<JobEnd> {
  return followThrough(host, job.id, startFrame(job), deadlineS, listener, letGo);
}

/** Follows a job that an earlier run started. */
export function followJob(
  host: Host,
  id: string,
  deadlineS: number,
  listener: JobListener,
  letGo: AbortSignal,
): Promise<JobEnd> {
  return followThrough(host, id, followFrame(id, 0), deadlineS, listener, letGo);
}

async function followThrough(
  host: Host,
  id: string,
  first: string,
  deadlineS: number,
  listener: JobListener,
  letGo: AbortSignal,
): Promise<JobEnd> {
  const reader = new OutputReader(id, listener);
  let script = first;
  let awaySince: number | undefined;
  let known = 0;
  for (;;) {
    try {
      reader.reset();
      const result = await host.exec(script, { deadlineS, onStdout: (chunk) => reader.push(chunk), signal: letGo });
      const end = parseJobEnd(id, result.stdout.toString('utf8'));
      if (end) return end;
      throw new JobRefused(refusal(result));
    } catch (error) {
      if (!(error instanceof HostError) || !isAway(error) || letGo.aborted) throw error;
      const now = host.clock.now().getTime();
      // Only output is progress: a link that comes and goes without bringing any is as good as none.
      if (awaySince === undefined || reader.bytes > known) {
        awaySince = now;
        listener.away(`${error.problem.seen}; what it does goes on, and it is tried again for ${AWAY_S / 60} minutes`);
      }
      known = reader.bytes;
      if (now - awaySince > AWAY_S * 1000) throw error;
      await host.clock.sleep(3, letGo);
      // Before the first byte nobody knows whether the start came through. It is asked for again: the id makes it one.
      if (reader.bytes > 0) script = followFrame(id, reader.bytes);
    }
  }
}

function isAway(error: HostError): boolean {
  return error.kind === 'lost' || error.kind === 'unreachable';
}

function refusal(result: ExecResult): string {
  const text = result.stderr.trim().split('\n').slice(-3).join(' ');
  return text === '' ? `the job ended with status ${result.code} before it began` : text;
}

/** Bytes of one line; what is longer is taken for several. */
const LONGEST_LINE = 65_536;

/** Splits output into lines, counts its bytes so that a second connection can go on where the first broke off. */
class OutputReader {
  readonly #marker: string;
  readonly #listener: JobListener;
  #rest = new Bytes();
  #searched = 0;
  #ended = false;
  bytes = 0;

  constructor(id: string, listener: JobListener) {
    this.#marker = mark(id);
    this.#listener = listener;
  }

  /** Half a line that a break cut off is sent again whole. */
  reset(): void {
    this.#rest = new Bytes();
    this.#searched = 0;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#rest.add(chunk);
    const bytes = this.#rest.view();
    let start = 0;
    for (let at = this.#searched; at < bytes.length && !this.#ended; at++) {
      const isEnd = isLineEnd(bytes[at]);
      if (!isEnd && at - start < LONGEST_LINE) continue;
      this.#line(bytes.subarray(start, isEnd ? at : at + 1).toString('utf8'), at + 1 - start);
      start = at + 1;
    }
    this.#rest.drop(start);
    this.#searched = bytes.length - start;
  }

  #line(text: string, size: number): void {
    if (text === `${this.#marker} ended`) {
      this.#ended = true;
      return;
    }
    this.bytes += size;
    const begin = text.startsWith(`${this.#marker} begin `) ? Number(text.slice(this.#marker.length + 7)) : undefined;
    if (begin !== undefined) this.#listener.begin(begin);
    else if (text !== '') this.#listener.line(text);
  }
}

/** Programs that wait write their line anew with a carriage return (apt on a lock): that is a line as well. */
function isLineEnd(byte: number | undefined): boolean {
  return byte === 10 || byte === 13;
}
