import { MACHINE_STATE } from './job.ts';
import { type Script, sh } from './script.ts';

/**
 * What was on a machine before mlk8s changed it, as far as `reset` cannot see it afterwards: a file that was there, or a
 * note of what was missing. Kept when the change runs, dropped with the record. Root's, inside a folder of mode 0700.
 * Synced before the change: a power cut must not leave the change without them.
 */
export const ORIGINALS = `${MACHINE_STATE}/originals`;

/** Name of a record's files, in the inventory as among the originals. */
export function recordName(id: string): string {
  return id.replaceAll(/[^-._a-zA-Z0-9]/g, '_');
}

/** Where the earlier file of a record is kept. */
export function keptPath(id: string): string {
  return `${ORIGINALS}/${recordName(id)}.file`;
}

function notePath(id: string): string {
  return `${ORIGINALS}/${recordName(id)}.note`;
}

/** Keeps the file at `path` with its mode and owner, unless an earlier one is kept. Goes before what overwrites it. */
export function keepFile(id: string, path: string): Script {
  const kept = keptPath(id);
  return sh`
    if [ ! -e ${kept} ] && [ ! -L ${kept} ]; then
      (umask 077; mkdir -p ${ORIGINALS})
      cp -a -- ${path} ${`${kept}.new`}
      [ -L ${`${kept}.new`} ] || sync ${`${kept}.new`}
      mv -fT -- ${`${kept}.new`} ${kept}
    fi
  `;
}

/** Puts the kept file back in one go, by way of `unfinished`. */
export function giveBack(id: string, path: string, unfinished: string): Script {
  return sh`
    cp -aT -- ${keptPath(id)} ${unfinished}
    [ -L ${unfinished} ] || sync -- ${unfinished}
    mv -fT -- ${unfinished} ${path}
  `;
}

/** Notes what `printing` prints, unless there is a note. Goes before the change that makes it untrue. */
export function noteOnce(id: string, printing: Script): Script {
  const note = notePath(id);
  return sh`
    if [ ! -e ${note} ]; then
      (umask 077; mkdir -p ${ORIGINALS})
      { ${printing}
      } >${`${note}.new`}
      sync ${`${note}.new`}
      mv -fT -- ${`${note}.new`} ${note}
    fi
  `;
}

/** Adds lines to the note, each once. */
export function noteLines(id: string, lines: readonly string[]): Script {
  const note = notePath(id);
  return sh`
    (umask 077; mkdir -p ${ORIGINALS}; touch ${note})
    for line in ${lines}; do grep -qxFe "$line" ${note} || printf '%s\n' "$line" >>${note}; done
    sync ${note}
  `;
}

/** Prints the path and each folder above it that does not exist, the deepest first. */
export function missing(path: string): Script {
  return sh`at=${path}; while [ ! -e "$at" ] && [ ! -L "$at" ]; do printf '%s\n' "$at"; at=$(dirname "$at"); done`;
}

/** Removes what was noted as missing, as far as it is empty: what others put there since is left alone. */
export function removeMade(id: string): Script {
  const note = notePath(id);
  return sh`
    if [ -e ${note} ]; then
      while IFS= read -r made; do
        if [ -d "$made" ] && [ ! -L "$made" ]; then rmdir --ignore-fail-on-non-empty -- "$made"
        elif [ -f "$made" ] && [ ! -s "$made" ]; then rm -f -- "$made"
        fi
      done <${note}
    fi
  `;
}

/** A test: true when that line is in the note. */
export function isNoted(id: string, line: string): Script {
  return sh`grep -qsxFe ${line} ${notePath(id)}`;
}

/** Prints the note. */
export function printNote(id: string): Script {
  return sh`cat ${notePath(id)}`;
}

/** Drops what was kept for a record, and what an interruption left of it. */
export function dropOriginals(id: string): Script {
  const paths = [keptPath(id), notePath(id)];
  return sh`rm -f ${paths} ${paths.map((path) => `${path}.new`)}`;
}

/**
 * When mlk8s forgets a machine: a file that could not be given back is kept for its owner, under a name that does not
 * keep the next `up` from keeping what it finds then.
 */
export const leaveOriginals: Script = sh`
  for kept in ${ORIGINALS}/*.file; do
    if [ -e "$kept" ] || [ -L "$kept" ]; then mv -fT --backup=numbered -- "$kept" "\${kept%.file}.left"; fi
  done
  rm -f ${ORIGINALS}/*.note ${ORIGINALS}/*.new
  if [ -d ${ORIGINALS} ]; then rmdir --ignore-fail-on-non-empty ${ORIGINALS}; fi
`;
