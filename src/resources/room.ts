import type { Amounts, Ask, Declared, Kind, Load, Verdict, World } from '../engine/types.ts';
import { type Given, judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { diskAsk, diskOf, meminfo, memoryAsk, processorsAsk } from './hardware.ts';

/** The machines have room for what all components together ask for. Nothing is installed before that is known. */
export type RoomSpec = {
  readonly loads: readonly Load[];
  readonly machines: readonly { readonly name: string; readonly plane: boolean }[];
  readonly dataDir: string;
};

export function room({ id, on, needs, ...spec }: Placed & RoomSpec): Declared<RoomSpec> {
  return { kind: 'room', id, on, needs, spec };
}

export const roomKind: Kind<RoomSpec> = { kind: 'room', transient: true, asks, judge };

function asks(it: Declared<RoomSpec>): Ask[] {
  return it.spec.machines.flatMap(({ name }) => asksOf(it, name));
}

function asksOf({ spec: { dataDir } }: Declared<RoomSpec>, name: string): Ask[] {
  return [memoryAsk(name), processorsAsk(name), diskAsk(name, dataDir)];
}

/** What MicroK8s itself and the system keep, in MiB, and what Calico asks for, in m. platform sheet, section 3. */
const KEPT = { plane: 2048, worker: 1024, system: 1024 };
const CALICO = 250;

const UNITS = { cpu: 'CPU', memory: 'memory', disk: 'disk' } as const;
type What = keyof typeof UNITS;
type Sum = Readonly<Record<What, number>>;

function judge(it: Declared<RoomSpec>, world: World): Verdict {
  const asked = it.spec.machines.filter(({ name }) => world.hosts.includes(name));
  const all = asked.flatMap(({ name }) => asksOf(it, name));
  return judged(it, world, all, (...answers) => {
    const known = asked.flatMap(({ plane }, i) => roomOf(plane, answers.slice(i * 3, i * 3 + 3)));
    return compare(it, known);
  });
}

function compare(it: Declared<RoomSpec>, known: readonly Amounts[]): Verdict {
  const { loads, machines } = it.spec;
  const wanted = sumOf(loads.flatMap(({ perNode = {}, ...once }) => [once, ...machines.map(() => perNode)]));
  const because = `${loads.map(({ name }) => name).join(', ')} ask for ${shown(wanted)}`;
  // Who is not there may come back with room enough.
  if (known.length < machines.length) {
    const missing = machines.length - known.length;
    return {
      verdict: 'ok',
      because: `${because}; ${missing} of ${machines.length} machines did not say what they have`,
    };
  }
  const there = sumOf(known);
  const short = (Object.keys(UNITS) as What[]).filter((what) => wanted[what] > there[what]);
  if (short.length === 0) return { verdict: 'ok', because: `${because}; the machines have ${shown(there)} for pods` };
  return {
    verdict: 'refused',
    problem: {
      where: it.id,
      seen: short
        .map((what) => `${UNITS[what]}: ${amount(what, wanted[what])} wanted, ${amount(what, there[what])} there`)
        .join('; '),
      why: `pods that find no room wait for ever. ${loads.map((load) => `${load.name}: ${shown(sumOf([load]))}`).join('; ')}`,
      next: ['leave something out of the cluster file, or add a machine'],
    },
  };
}

/** What pods may ask for on one machine; nothing when its answers make no sense. */
function roomOf(plane: boolean, [memory, processors, disk]: readonly Given[]): Amounts[] {
  if (!memory || !processors || !disk) return [];
  const mib = Math.floor(meminfo(memory.text, 'MemTotal') / 1024) - (plane ? KEPT.plane : KEPT.worker) - KEPT.system;
  const found = {
    cpu: Number(processors.text) * 1000 - CALICO,
    memory: Math.max(0, mib),
    disk: Math.floor(diskOf(disk.text).size),
  };
  return Object.values(found).some(Number.isNaN) ? [] : [found];
}

function sumOf(all: readonly Amounts[]): Sum {
  const sum = (what: What) => all.reduce((total, it) => total + (it[what] ?? 0), 0);
  return { cpu: sum('cpu'), memory: sum('memory'), disk: sum('disk') };
}

function shown(sum: Sum): string {
  const parts = (Object.keys(UNITS) as What[]).filter((what) => sum[what] > 0);
  if (parts.length === 0) return 'nothing that is known';
  return parts.map((what) => `${amount(what, sum[what])} ${UNITS[what]}`).join(', ');
}

function amount(what: What, value: number): string {
  if (what === 'cpu') return `${(value / 1000).toFixed(2)}`;
  return what === 'memory' ? `${(value / 1024).toFixed(1)} GiB` : `${value} GiB`;
}
