import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from './figures.ts';
import { inFolder, inTurn, MLK8S, median, mlk8sWithUsage, mustRun, type Surroundings, type Usage } from './measure.ts';

const SIZES = [1, 10, 50, 100] as const;
type Size = (typeof SIZES)[number];
/** Ticks of a second in /proc/PID/stat; the same on every architecture that Node runs on. */
const TICKS = 100;

/** (d) `up` with nothing to do on simulated machines: does its cost grow with their number, and no faster? */
export async function rehearsals(runs: number, say: (text: string) => void): Promise<Figure[]> {
  return inFolder(async (home) => {
    const sites = new Map(SIZES.map((size) => [size, new Site(home, size)]));
    const site = (size: Size) => sites.get(size) as Site;
    try {
      const firsts: Figure[] = [];
      for (const size of SIZES) {
        const seconds = await site(size).first();
        say(`first up of ${size} rehearsal rigs: ${seconds.toFixed(1)} s`);
        firsts.push({ part: 'd', what: `first up, ${rigs(size)}`, value: seconds, unit: 's' });
      }
      const measure = (size: Size) => () => site(size).again();
      const all = await inTurn<`${Size}`>(runs, {
        '1': measure(1),
        '10': measure(10),
        '50': measure(50),
        '100': measure(100),
      });
      const seconds = (size: Size) => median(all[`${size}`]);
      const growth = (seconds(100) - seconds(50)) / 50 / ((seconds(50) - seconds(10)) / 40);
      return [
        ...firsts,
        ...SIZES.flatMap((size) => site(size).figures(seconds(size), all[`${size}`])),
        {
          part: 'd',
          what: 'a rig from 50 to 100 against one from 10 to 50',
          value: growth,
          unit: 'times',
          target: { most: 1.25 },
        },
      ];
    } finally {
      for (const it of sites.values()) await it.end();
    }
  });
}

const rigs = (size: Size) => (size === 1 ? '1 rig' : `${size} rigs`);

/** The rehearsal of one cluster. */
class Site {
  readonly #size: Size;
  readonly #around: Required<Pick<Surroundings, 'cwd' | 'env'>>;
  readonly #usages: (Usage & { readonly serverS: number })[] = [];
  #execs = 0;

  constructor(home: string, size: Size) {
    this.#size = size;
    const cwd = join(home, String(size));
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'mlk8s.yaml'), clusterFile(size));
    this.#around = { cwd, env: { HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') } };
  }

  /** The first `up`: not what is measured, but what comes before it. Seconds. */
  async first(): Promise<number> {
    return (await mlk8sWithUsage(['up', '--rehearse', '--yes', '--json'], this.#around)).ms / 1000;
  }

  /** One more `up`. Seconds; throws when there was something to do. */
  async again(): Promise<number> {
    const before = this.#serverS();
    const it = await mlk8sWithUsage(['up', '--rehearse', '--yes', '--json'], this.#around);
    this.#usages.push({ cpuS: it.cpuS, peakMB: it.peakMB, serverS: this.#serverS() - before });
    const summary = JSON.parse(it.stdout.trim().split('\n').at(-1) ?? '') as { changes: number; execs: object };
    if (summary.changes > 0) throw new Error(`${rigs(this.#size)}: the second up had ${summary.changes} changes`);
    this.#execs = Math.max(this.#execs, ...Object.values(summary.execs));
    return it.ms / 1000;
  }

  figures(seconds: number, runs: readonly number[]): Figure[] {
    const what = rigs(this.#size);
    const isBig = this.#size === 100;
    const of = (key: 'cpuS' | 'serverS' | 'peakMB') => this.#usages.map((usage) => usage[key]);
    const most = (limit: number) => (isBig ? { target: { most: limit } } : {});
    const part = 'd';
    return [
      { part, what: `second up, ${what}`, value: seconds, unit: 's', runs, ...most(8) },
      { part, what: `  peak memory of mlk8s, ${what}`, value: Math.max(...of('peakMB')), unit: 'MB', ...most(400) },
      { part, what: `  execs per host, ${what}`, value: this.#execs, unit: 'execs', target: { most: 1 } },
      { part, what: `  processor time of mlk8s, ${what}`, value: median(of('cpuS')), unit: 's', runs: of('cpuS') },
      {
        part,
        what: `  processor time of the simulation's server, ${what}`,
        value: median(of('serverS')),
        unit: 's',
        runs: of('serverS'),
      },
    ];
  }

  async end(): Promise<void> {
    await mustRun([process.execPath, MLK8S, 'rehearsal', 'reset'], this.#around);
  }

  /** Processor time that the server of this rehearsal has used, in seconds. */
  #serverS(): number {
    const isServer = (words: readonly string[]) =>
      words[0] !== 'flock' &&
      words.some((word) => word.startsWith(this.#around.cwd)) &&
      words.at(-2) === `bench-${this.#size}`;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const pid = pids.find((it) => isServer(readProc(it, 'cmdline').split('\0')));
    if (pid === undefined) throw new Error(`the server of ${rigs(this.#size)} does not run`);
    const fields = readProc(pid, 'stat')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }
}

/** Of a process that may have ended meanwhile. */
function readProc(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function clusterFile(size: number): string {
  const nodes = Array.from({ length: size }, (_, i) => {
    const role = i < 3 ? 'control-plane' : 'worker';
    return `  - { name: rig${i + 1}, address: 10.0.0.${i + 1}, role: ${role} }\n`;
  });
  return `name: bench-${size}\nnodes:\n${nodes.join('')}`;
}
