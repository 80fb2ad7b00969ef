import { type Script, sh } from '../shell/script.ts';

/** Folders of a home where people put programs without root; root's own PATH has none of them. */
export const OWN_FOLDERS = ['.local/bin', 'bin', '.cargo/bin', 'miniforge3/bin'];

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
