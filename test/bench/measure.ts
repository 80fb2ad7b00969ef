import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm run` starts every script in the folder of the package. */
const ROOT = process.cwd();
export const MLK8S = join(ROOT, 'bin', 'mlk8s.js');

/** What a program printed, and what it cost. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from its start to its end, as who started it sees them. */
  readonly ms: number;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Runs a program to its end. */
export function run([program = '', ...args]: readonly string[], around: Surroundings = {}): Promise<Run> {
  const env = { ...process.env, ...around.env };
  const start = performance.now();
  const child = spawn(program, args, { env, ...(around.cwd !== undefined && { cwd: around.cwd }) });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(around.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      resolve({ code, stdout: text(out), stderr: text(err), ms: performance.now() - start });
    });
  });
}

/** As `run`; throws when it does not end with one of `codes`: what failed was not measured. */
export async function mustRun(argv: readonly string[], around?: Surroundings, codes = [0]): Promise<Run> {
  const it = await run(argv, around);
  if (it.code !== null && codes.includes(it.code)) return it;
  throw new Error(`${argv.join(' ')}: status ${it.code}\n${it.stderr}\n${it.stdout.slice(-2000)}`);
}

/**
 * Measures several things in turn, `rounds` times, so that what else the computer does hits all of them alike. The
 * first round warms up caches and is not counted.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(things) as Name[];
  const all = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const value = await things[name]();
      if (round > 0) all[name].push(value);
    }
  }
  return all;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of nothing');
  return (low + high) / 2;
}

/** A folder that is gone afterwards, whatever happens. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mlk8s-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processor time and memory of a program of Node's, told by itself when it ends. */
export interface Usage {
  readonly cpuS: number;
  /** The most memory that it had at a time. */
  readonly peakMB: number;
}

const TELL = `import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuS: (userCPUTime + systemCPUTime) / 1e6, peakMB: maxRSS / 1024 };
  writeFileSync(process.env.MLK8S_BENCH_USAGE, JSON.stringify(usage));
});`;

/** Runs mlk8s and has it tell what it used. */
export async function mlk8sWithUsage(args: readonly string[], around: Surroundings): Promise<Run & Usage> {
  return inFolder(async (folder) => {
    const file = join(folder, 'usage.json');
    const tell = `data:text/javascript,${encodeURIComponent(TELL)}`;
    const env = { ...around.env, MLK8S_BENCH_USAGE: file };
    const it = await mustRun([process.execPath, '--import', tell, MLK8S, ...args], { ...around, env });
    return { ...it, ...(JSON.parse(readFileSync(file, 'utf8')) as Usage) };
  });
}
