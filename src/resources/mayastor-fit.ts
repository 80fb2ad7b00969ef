import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { type Given, judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { processorsAsk } from './hardware.ts';

/** These machines can run Mayastor's io-engine. What is not so, nobody can change from here. storage sheet 2.3. */
export type MayastorFitSpec = { readonly machines: readonly string[]; readonly cores: number };

export function mayastorFit({ id, on, needs, ...spec }: Placed & MayastorFitSpec): Declared<MayastorFitSpec> {
  return { kind: 'mayastor-fit', id, on, needs, spec };
}

export const mayastorFitKind: Kind<MayastorFitSpec> = { kind: 'mayastor-fit', transient: true, asks, judge };

const KERNEL = { major: 5, minor: 13 };
/** Of io-engine: its own API, and volumes over NVMe. platform sheet 5, trap 12, has those of its other pods. */
const PORTS = ['10124', '8420', '4421'];
/** Made on the machine when its io-engine first starts: then it is who listens. */
const IO_ENGINE = '/var/local/openebs/io-engine';

function asks(it: Declared<MayastorFitSpec>): Ask[] {
  return it.spec.machines.flatMap(asksOf);
}

function asksOf(host: string): Ask[] {
  const facts = sh`
    uname -rm
    LC_ALL=C lscpu | grep -o -m 1 -w sse4_2
    if [ -d ${IO_ENGINE} ]; then echo io-engine was here; fi
  `;
  const on = { host };
  return [
    { key: 'what Mayastor needs', on, sh: facts, timeoutS: 10 },
    processorsAsk(host),
    { key: 'listening', on, sh: sh`ss -H -l -t -n -p`, timeoutS: 10 },
  ];
}

function judge(it: Declared<MayastorFitSpec>, world: World): Verdict {
  const machines = it.spec.machines.filter((name) => world.hosts.includes(name));
  return judged(it, world, machines.flatMap(asksOf), (...answers) => {
    const lacking = machines.map((_, i) => lacks(it.spec, answers.slice(i * 3, i * 3 + 3)));
    const seen = machines.flatMap((name, i) => (lacking[i]?.length ? [`${name}: ${lacking[i].join(', ')}`] : []));
    if (seen.length === 0) return { verdict: 'ok', because: `${machines.join(', ')}: fit for Mayastor` };
    return refused(
      it.id,
      seen.join('; '),
      `Mayastor needs Linux ${KERNEL.major}.${KERNEL.minor}, an x86 processor with SSE4.2 and ${it.spec.cores + 1} threads, and the ports ${PORTS.join(', ')}`,
      'take the disks of these machines out of storage.mayastor.pools (three machines must be left), or leave mayastor out',
      'a port: see who has it (sudo ss -ltnp) and stop that',
    );
  });
}

/** What this machine lacks, in words. */
function lacks({ cores }: MayastorFitSpec, [facts, processors, sockets]: readonly Given[]): string[] {
  const [kernel = '', machine = ''] = facts?.text.split('\n')[0]?.split(' ') ?? [];
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  const rest = facts?.text ?? '';
  const threads = Number(processors?.text);
  const found: string[] = [];
  if (major < KERNEL.major || (major === KERNEL.major && minor < KERNEL.minor)) found.push(`its kernel is ${kernel}`);
  if (machine !== 'x86_64') found.push(`its processor is ${machine}`);
  else if (!/^sse4_2$/m.test(rest)) found.push('its processor has no SSE4.2');
  // Core 0 is left to everybody else.
  if (threads < cores + 1) found.push(`it has ${threads} threads`);
  return /^io-engine was here$/m.test(rest) ? found : [...found, ...taken(sockets?.text ?? '')];
}

function taken(sockets: string): string[] {
  return sockets.split('\n').flatMap((row) => {
    const port = /:(\d+)$/.exec(row.trim().split(/\s+/)[3] ?? '')?.[1] ?? '';
    const program = /\(\("([^"]+)"/.exec(row)?.[1] ?? 'an unknown program';
    return PORTS.includes(port) ? [`port ${port} is used by ${program}`] : [];
  });
}
