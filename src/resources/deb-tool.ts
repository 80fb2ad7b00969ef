import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import { APT_DEADLINE_S, aptInstall } from './apt.ts';
import type { Placed } from './declare.ts';
import { foundAt, whereIs } from './elsewhere.ts';
import { stays } from './stays.ts';

/** A program from packages of apt. Who has it already from elsewhere keeps that one, and no other package goes for it. */
export type DebToolSpec = {
  readonly command: string;
  /** The first one brings the program. */
  readonly packages: readonly string[];
  /** Account whose own programs count as well. */
  readonly user: string;
  /** What the packages would else ask, as debconf takes it. */
  readonly answers?: string;
};

export function debTool({ id, on, needs, ...spec }: Placed & DebToolSpec): Declared<DebToolSpec> {
  return { kind: 'deb-tool', id, on, needs, spec };
}

export const debToolKind: Kind<DebToolSpec> = {
  kind: 'deb-tool',
  asks: (it) => [toolAsk(it)],
  judge,
  undo: ({ spec }) => stays(`packages are never removed: ${spec.packages.join(', ')}`),
};

function toolAsk(it: Declared<DebToolSpec>): Ask {
  const { command, packages, user } = it.spec;
  const script = sh`
    ${whereIs(command, user)}
    dpkg-query -W -f 'deb \${Package} \${db:Status-Abbrev}\n' ${packages}
    echo end
  `;
  return { key: `tool ${command}`, on: it.on, sh: script, timeoutS: 20 };
}

function judge(it: Declared<DebToolSpec>, world: World): Verdict {
  return judged(it, world, [toolAsk(it)], ({ text }) => {
    const { command, packages } = it.spec;
    const found = foundAt(text);
    if (found === undefined || !/^end$/m.test(text)) {
      const why = 'its disk may have failed under the question';
      return refused(it.id, `nothing is known of ${command}`, why, 'run the same command again');
    }
    const installed = new Set([...text.matchAll(/^deb (\S+) [ihu]i/gm)].map(([, name]) => name));
    const missing = packages.filter((name) => !installed.has(name));
    if (missing.length === 0) return { verdict: 'ok', because: `installed: ${packages.join(', ')}` };
    // Half of an interrupted installation is no program from elsewhere.
    const known = new Set([...text.matchAll(/^deb (\S+) [ihu][^nc]/gm)].map(([, name]) => name));
    if (found !== '' && !known.has(packages[0])) {
      return { verdict: 'ok', because: `${command} was there before mlk8s: ${found}` };
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
