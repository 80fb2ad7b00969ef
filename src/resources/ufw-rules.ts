import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { stays } from './stays.ts';

/**
 * Lets the cluster through a firewall that is on. One that is off stays off, and rules of others are left alone.
 * microk8s sheet 2.6 and 6, number 19.
 */
export type UfwRulesSpec = {
  /** Each as the words after `ufw`, the way `ufw show added` prints them. */
  readonly rules: readonly string[];
};

export function ufwRules({ id, on, needs, ...spec }: Placed & UfwRulesSpec): Declared<UfwRulesSpec> {
  return { kind: 'ufw-rules', id, on, needs, spec };
}

export const ufwRulesKind: Kind<UfwRulesSpec> = {
  kind: 'ufw-rules',
  asks,
  judge,
  undo: () => stays('the firewall is never opened or closed by a reset; its rules: ufw status numbered'),
};

function asks(it: Declared<UfwRulesSpec>): Ask[] {
  return [
    { key: 'ufw status', on: it.on, sh: sh`ufw status verbose`, timeoutS: 20 },
    { key: 'ufw rules', on: it.on, sh: sh`ufw show added`, timeoutS: 20 },
  ];
}

function judge(it: Declared<UfwRulesSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (status, added) => {
    if (!/^Status: active$/m.test(status.text)) return { verdict: 'ok', because: 'the firewall ufw is not active' };
    const there = new Set(added.text.split('\n').map(bare));
    const missing = it.spec.rules.filter((rule) => !there.has(rule));
    const routed = /\ballow \(routed\)/.test(status.text);
    if (missing.length === 0 && routed) return { verdict: 'ok', because: 'the firewall ufw lets the cluster through' };
    const commands = [...missing, ...(routed ? [] : ['default allow routed'])];
    return {
      verdict: 'change',
      because: 'the firewall ufw is active and does not let the cluster through',
      diff: commands.map((command) => ({ what: 'ufw', before: '', after: command })),
      moves: [
        { does: 'add firewall rules for the cluster', on: it.on, run: lines(...commands.map(ufw)), deadlineS: 120 },
      ],
    };
  });
}

/** A line of `ufw show added` without the program's name and without a comment. */
function bare(line: string): string {
  return line.replace(/^ufw /, '').replace(/ comment '.*'$/, '');
}

function ufw(command: string): Script {
  return sh`ufw ${command.split(' ')}`;
}
