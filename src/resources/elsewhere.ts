import type { Ask, Verdict } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';

/** Folders of a home where people put programs without root; root's own PATH has none of them. */
const OWN_FOLDERS = ['.local/bin', 'bin', '.cargo/bin', 'miniforge3/bin'];

/**
 * Prints where an account finds a program: `found PATH`, or nothing but `found`. The program itself is not started:
 * whoever owns it could be anybody.
 */
export function whereIs(command: string, user: string): Script {
  return sh`
    (
      home=$(getent passwd ${user} | cut -d : -f 6)
      PATH=$PATH:/usr/local/bin:/snap/bin
      for folder in ${OWN_FOLDERS}; do PATH=$PATH:$home/$folder; done
      at=$(type -P ${command})
      if [ -x "$at" ]; then echo "found $at"; else echo found; fi
    )
  `;
}

/** The path in what `whereIs` printed; empty: there is none. Undefined: it did not come to that. */
export function foundAt(text: string): string | undefined {
  return /^found ?(.*)$/m.exec(text)?.[1];
}

/** Of a program that the user has already, and keeps. */
export function keptTheirs(name: string, at: string): Verdict {
  return { verdict: 'ok', because: `${name} was there before mlk8s: ${at}`, shown: true };
}

/** A program, and the packages of apt that mlk8s takes it from. One that comes from elsewhere is left alone. */
export type Tool = {
  readonly command: string;
  /** The first one brings the program. */
  readonly packages: readonly string[];
  /** Account whose own programs count as well. */
  readonly user: string;
};

export function toolAsk(on: Ask['on'], { command, packages, user }: Tool): Ask {
  const script = sh`
    ${whereIs(command, user)}
    dpkg-query -W -f 'deb \${Package} \${db:Status-Abbrev}\n' ${packages}
    echo end
  `;
  return { key: `tool ${command}`, on, sh: script, timeoutS: 20 };
}

/** A tool as `toolAsk` saw it. */
export interface SeenTool {
  /** Where the program lies that is not from the packages; empty: there is none. */
  readonly elsewhere: string;
  /** Those of the packages that are installed. */
  readonly installed: readonly string[];
}

/** Undefined: the answer is not whole. Half of an interrupted installation is no program from elsewhere. */
export function readTool(text: string, { packages }: Tool): SeenTool | undefined {
  const found = foundAt(text);
  if (found === undefined || !/^end$/m.test(text)) return undefined;
  const inState = (state: string) =>
    [...text.matchAll(new RegExp(`^deb (\\S+) ${state}`, 'gm'))].map(([, name]) => name);
  const known = inState('[ihu][^nc]');
  const installed = inState('[ihu]i');
  return {
    elsewhere: known.includes(packages[0]) ? '' : found,
    installed: packages.filter((name) => installed.includes(name)),
  };
}
