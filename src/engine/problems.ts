import type { Problem } from '../errors.ts';
import { explain, remedies } from '../health/catalogue.ts';
import { hostOf } from '../resources/places.ts';
import type { Id } from './types.ts';

const AGAIN = 'run the same command again: it goes on where this run stopped';

interface Cause {
  readonly why: string;
  readonly next: readonly string[];
}

/** What the last words of a command say about the cause, or a disk that was full when it ended. */
function causeOf(machine: string, said: readonly string[], full: readonly string[]): Cause | undefined {
  if (full.length === 0) {
    const known = explain(said);
    return known && { why: known.why, next: remedies(known.next, { machine, ...objectIn(said, known.pattern) }) };
  }
  const all = full.join(' ');
  return { why: `the disk of that machine at ${all} is full`, next: [`make room there: df -h ${all}`] };
}

const WORKLOAD = /[A-Z]\w+ ([a-z0-9-]+)\/[a-z0-9.-]+ has \d+ of \d+ ready/;

/** The namespace of the workload, and the pod, that what was said is about, as far as it names them. */
function objectIn(said: readonly string[], pattern: RegExp): { namespace?: string; name?: string } {
  const parts = said.flatMap((line) => line.split(/, (?=[A-Z]\w+ [a-z0-9-]+\/)/));
  const part = parts.findLast((it) => pattern.test(it)) ?? '';
  const [, name, inPod] = /pod=([a-z0-9.-]+)_([a-z0-9-]+)\(/.exec(part) ?? [];
  const namespace = inPod ?? WORKLOAD.exec(part)?.[1];
  return { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
}

/** The machine of a change; what belongs to the cluster happens on one of its control planes. */
function machineIn(id: Id): string {
  return hostOf({ id, on: 'cluster' }) ?? 'a control plane';
}

/**
 * A command of a change ended with an error; status -1: it was interrupted before its end. `tail`: its last words;
 * `full`: mount points of full disks.
 */
export function changeFailed(id: Id, status: number, tail: readonly string[], full: readonly string[]): Problem {
  const cause = causeOf(machineIn(id), tail, full);
  if (status === -1) {
    return {
      where: id,
      seen: cause ? 'the job could not say how it ended' : 'the job was interrupted before its end',
      why: cause?.why ?? 'the machine was restarted or somebody stopped the job',
      next: [...(cause?.next ?? []), AGAIN],
    };
  }
  const late = status === 124 || status === 137;
  return {
    where: id,
    seen: late ? 'the command took too long and was stopped' : `the command ended with status ${status}`,
    why: cause?.why ?? 'see the last lines of its own output',
    next: [...(cause?.next ?? []), AGAIN, 'mlk8s logs   shows the whole output'],
  };
}

/** The machine did not even begin. */
export function notStarted(id: Id, machine: string, said: string): Problem {
  const cause = causeOf(machine, [said], []);
  return {
    where: id,
    seen: `${machine} did not start the job: ${said}`,
    why: cause?.why ?? 'its disk is full, or its systemd is in trouble',
    next: [...(cause?.next ?? [`look at ${machine}: df -h /var /run; systemctl --failed`]), AGAIN],
  };
}

/** The commands of a change went through, but what they should have made is not there. */
export function stillNeeded(id: Id, because: string): Problem {
  return {
    where: id,
    seen: `it was applied without an error and is still not as it should be: ${because}`,
    why: 'something on the machine undoes it or ignores it',
    next: [AGAIN, 'mlk8s logs   shows what the commands said'],
  };
}

/** Applied and seen to be right that many times in one run, and every time undone. */
export function againAndAgain(id: Id, because: string, times: number): Problem {
  return {
    where: id,
    seen: `it was applied ${times} times in this run, was right each time, and is not any more: ${because}`,
    why: 'another change of this run undoes it, or something on the machine does',
    next: ['mlk8s logs   shows what was done between', AGAIN],
  };
}

/** Something did not come about in time. */
export function tookTooLong(id: Id, because: string, deadlineS: number): Problem {
  const cause = causeOf(machineIn(id), [because], []);
  return {
    where: id,
    seen: `not there after ${deadlineS} s; last seen: ${because}`,
    why: cause?.why ?? 'the machine is slow, or what it waits for does not come',
    next: [...(cause?.next ?? []), AGAIN, 'mlk8s doctor   looks for what is in the way'],
  };
}

/** Most ids in a sentence. */
const NAMED = 3;

function few(ids: readonly Id[]): string {
  const more = ids.length - NAMED;
  return more > 0 ? `${ids.slice(0, NAMED).join(', ')} … and ${more} more` : ids.join(', ');
}

/** It was fine, and after the last change it is not. */
export function undone(id: Id, because: string, by: readonly Id[]): Problem {
  return {
    where: id,
    seen: `it was ok and is not any more: ${because}`,
    why: by.length > 0 ? `undone by one of the changes of this run: ${few(by)}` : 'undone by something outside mlk8s',
    next: [AGAIN],
  };
}

/** Left over at the end although nothing that it waits for failed. */
export function neverReady(id: Id, because: string, waitsFor: readonly Id[]): Problem {
  const waits = waitsFor.length > 0 ? `; it waits for ${few(waitsFor)}` : '';
  return {
    where: id,
    seen: `nothing could be done about it: ${because}${waits}`,
    why: 'what it waits for did not come about in this run',
    next: [AGAIN, 'mlk8s status   says how it stands'],
  };
}
