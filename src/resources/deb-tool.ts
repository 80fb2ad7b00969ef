import type { Ask, Declared, Id, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { isNoted, noteLines } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, unread } from './answers.ts';
import { APT_DEADLINE_S, aptInstall } from './apt.ts';
import type { Placed } from './declare.ts';
import { keptTheirs, readTool, type Tool, toolAsk } from './elsewhere.ts';
import { isOn, stateAsk } from './service.ts';
import { stays } from './stays.ts';

/** A program from packages of apt. Who has it already from elsewhere keeps that one, and no other package goes for it. */
export type DebToolSpec = Tool & {
  /** What the packages would else ask, as debconf takes it. */
  readonly answers?: string;
  /** The archive that they come from, where that is not Ubuntu's. */
  readonly source?: Id;
  /** Services that the first package switches on at once, and that others reach over the network. An undo switches them off. */
  readonly listens?: { readonly units: readonly [string, ...string[]]; readonly port: number };
};

export function debTool({ id, on, needs, ...spec }: Placed & DebToolSpec): Declared<DebToolSpec> {
  return { kind: 'deb-tool', id, on, needs, spec };
}

export const debToolKind: Kind<DebToolSpec> = {
  kind: 'deb-tool',
  asks: ({ on, spec }) => [toolAsk(on, spec)],
  judge,
  undo,
  undoAsks: (it) => (it.spec.listens ? [stateAsk(it.on, it.spec.listens.units[0]), broughtAsk(it)] : []),
};

const BROUGHT = 'brought what listens';

/** Prints `yes` when the services came by mlk8s. */
function broughtAsk({ id, on }: Recorded<DebToolSpec>): Ask {
  return { key: `note ${id}`, on, sh: sh`if ${isNoted(id, BROUGHT)}; then echo yes; fi`, timeoutS: 10 };
}

function judge(it: Declared<DebToolSpec>, world: World): Verdict {
  return judged(it, world, [toolAsk(it.on, it.spec)], ({ text }) => {
    const { command, packages } = it.spec;
    const seen = readTool(text, it.spec);
    if (!seen) return unread(it.id, command);
    const missing = packages.filter((name) => !seen.installed.includes(name));
    if (missing.length === 0) return { verdict: 'ok', because: `installed: ${packages.join(', ')}` };
    if (seen.elsewhere !== '') return keptTheirs(command, seen.elsewhere);
    return {
      verdict: 'change',
      because: `not installed: ${missing.join(', ')}`,
      moves: [
        { does: `install ${missing.join(', ')}`, on: it.on, run: install(it, missing), deadlineS: APT_DEADLINE_S },
      ],
    };
  });
}

function install(
  { id, spec: { answers, listens, packages } }: Declared<DebToolSpec>,
  missing: readonly string[],
): Script {
  const note = listens && missing.includes(packages[0] as string) ? [noteLines(id, [BROUGHT])] : [];
  const given = answers === undefined ? sh`` : sh`printf '%s\n' ${answers} | debconf-set-selections`;
  return lines(...note, given, aptInstall(sh`--no-remove ${missing}`));
}

function undo(it: Recorded<DebToolSpec>, world: World): Verdict {
  const { listens } = it.spec;
  if (!listens) return stays(kept(it, world));
  const { units, port } = listens;
  const [unit] = units;
  return judged(it, world, [stateAsk(it.on, unit), broughtAsk(it)], ({ text }, brought) => {
    if (!isOn(text)) return stays(kept(it, world));
    if (brought.text === '') return stays(`${kept(it, world)}; ${unit} listens on port ${port} as before`);
    const run = sh`systemctl disable --now ${units}`;
    const moves = [{ does: `disable and stop ${units.join(', ')}`, on: it.on, run, deadlineS: 120 }];
    return {
      verdict: 'change',
      because: `mlk8s brought ${unit}, which listens on port ${port}; ${kept(it, world)}`,
      moves,
    };
  });
}

/** Their archive goes, if it came by mlk8s. */
function kept({ spec: { packages, source } }: Recorded<DebToolSpec>, world: World): string {
  const isOurs = source !== undefined && world.record(source) !== undefined;
  const end = isOurs ? '; they get no updates any more, because their archive goes' : '';
  return `packages are never removed: ${packages.join(', ')}${end}`;
}
