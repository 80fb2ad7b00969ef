import type { Declared, Id, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, unread } from './answers.ts';
import { APT_DEADLINE_S, aptInstall } from './apt.ts';
import type { Placed } from './declare.ts';
import { readTool, type Tool, toolAsk } from './elsewhere.ts';
import { stays } from './stays.ts';

/** A program from packages of apt. Who has it already from elsewhere keeps that one, and no other package goes for it. */
export type DebToolSpec = Tool & {
  /** What the packages would else ask, as debconf takes it. */
  readonly answers?: string;
  /** The archive that they come from, where that is not Ubuntu's. */
  readonly source?: Id;
};

export function debTool({ id, on, needs, ...spec }: Placed & DebToolSpec): Declared<DebToolSpec> {
  return { kind: 'deb-tool', id, on, needs, spec };
}

export const debToolKind: Kind<DebToolSpec> = {
  kind: 'deb-tool',
  asks: ({ on, spec }) => [toolAsk(on, spec)],
  judge,
  undo,
};

function judge(it: Declared<DebToolSpec>, world: World): Verdict {
  return judged(it, world, [toolAsk(it.on, it.spec)], ({ text }) => {
    const { command, packages } = it.spec;
    const seen = readTool(text, it.spec);
    if (!seen) return unread(it.id, command);
    const missing = packages.filter((name) => !seen.installed.includes(name));
    if (missing.length === 0) return { verdict: 'ok', because: `installed: ${packages.join(', ')}` };
    if (seen.elsewhere !== '') {
      return { verdict: 'ok', because: `${command} was there before mlk8s: ${seen.elsewhere}` };
    }
    return {
      verdict: 'change',
      because: `not installed: ${missing.join(', ')}`,
      moves: [
        { does: `install ${missing.join(', ')}`, on: it.on, run: install(it.spec, missing), deadlineS: APT_DEADLINE_S },
      ],
    };
  });
}

function install({ answers }: DebToolSpec, missing: readonly string[]) {
  const given = answers === undefined ? sh`` : sh`printf '%s\n' ${answers} | debconf-set-selections`;
  return lines(given, aptInstall(sh`--no-remove ${missing}`));
}

/** Their archive goes, if it came by mlk8s. */
function undo({ spec: { packages, source } }: Recorded<DebToolSpec>, world: World): Verdict {
  const isOurs = source !== undefined && world.record(source) !== undefined;
  const end = isOurs ? '; they get no updates any more, because their archive goes' : '';
  return stays(`packages are never removed: ${packages.join(', ')}${end}`);
}
