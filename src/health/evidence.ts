import type { Aspect } from './catalogue.ts';

/** One thing that was seen and may say why something does not work. */
export interface Evidence {
  readonly looks: Aspect;
  /** What it is about, as people call it: `Pod openebs/openebs-1`, `StorageClasses`, `rig2`. */
  readonly object: string;
  /** The machine that it is on, where it is on one. */
  readonly machine?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** What was seen there, in one line. */
  readonly text: string;
  /** Trouble in itself: listed as not known when no entry explains anything about this object. */
  readonly open?: true;
}

/** Signs of one line that are looked at: what a machine says may have no end. */
const LONGEST = 2000;

/** Text of a machine as one line without blanks at its ends. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
}
