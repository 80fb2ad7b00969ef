import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { type Given, judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** The processors of these machines have the instructions that a program was built with. Nobody can change that from here. */
export type ProcessorFitSpec = {
  /** What is to run there. */
  readonly program: string;
  readonly machines: readonly string[];
  /** Of x86 processors, as /proc/cpuinfo names them. Others have no such choice. */
  readonly flags: readonly string[];
  /** What to type instead. */
  readonly next: readonly string[];
};

export function processorFit({ id, on, needs, ...spec }: Placed & ProcessorFitSpec): Declared<ProcessorFitSpec> {
  return { kind: 'processor-fit', id, on, needs, spec };
}

export const processorFitKind: Kind<ProcessorFitSpec> = {
  kind: 'processor-fit',
  transient: true,
  asks: ({ spec }) => spec.machines.map(flagsAsk),
  judge,
};

function flagsAsk(host: string): Ask {
  const script = sh`
    uname -m
    grep -m 1 '^flags' /proc/cpuinfo
  `;
  return { key: 'flags of the processor', on: { host }, sh: script, timeoutS: 10 };
}

function judge(it: Declared<ProcessorFitSpec>, world: World): Verdict {
  const { program, flags, next } = it.spec;
  const machines = it.spec.machines.filter((name) => world.hosts.includes(name));
  if (machines.length === 0) return { verdict: 'ok', because: 'no machine of this run is asked about its processor' };
  return judged(it, world, machines.map(flagsAsk), (...answers) => {
    const lacking = answers.map((answer) => lacks(flags, answer));
    const seen = machines.flatMap((name, i) =>
      lacking[i]?.length ? [`the processor of ${name} has no ${lacking[i].join(', ')}`] : [],
    );
    if (seen.length === 0) return { verdict: 'ok', because: `${machines.join(', ')}: fit for ${program}` };
    return refused(
      it.id,
      seen.join('; '),
      `${program} is built with these instructions and ends there at once`,
      ...next,
    );
  });
}

/** An ARM processor has none of them to miss. */
function lacks(flags: readonly string[], { text }: Given): string[] {
  const [machine = '', known = ''] = text.split('\n');
  const there = new Set(known.split(/\s+/));
  return machine === 'aarch64' ? [] : flags.filter((flag) => !there.has(flag));
}
