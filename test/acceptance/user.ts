import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanItem, Summary } from '../../src/engine/events.ts';
import type { Problem } from '../../src/errors.ts';

const BIN = new URL('../../bin/mlk8s.js', import.meta.url).pathname;
/** `up` in a rehearsal, as a program runs it. */
export const UP = ['up', '--rehearse', '--yes', '--json'];
const SAMPLES = new URL('../../templates/samples/', import.meta.url);

/** What a command printed, and how it ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Events of `--json`, in order. */
  readonly events: readonly Record<string, unknown>[];
  /** The last of them. */
  readonly summary: Summary;
  /** What went wrong, as its events and the refusals of its plans say it: where, and what was seen. */
  readonly problems: readonly string[];
}

/** A person with a home, a folder to work in and the command. What they do is simulated, but for themselves. */
export class User {
  readonly home = mkdtempSync(join(tmpdir(), 'mlk8s-user-'));
  readonly folder = join(this.home, 'work');
  /** Further environment of what the user starts. */
  readonly env: Record<string, string> = {};
  /** The program that the user starts. */
  bin = BIN;

  constructor() {
    mkdirSync(this.folder);
  }

  /** Puts a cluster file into the folder: a sample, or a text. */
  file(content: { sample: string } | string): void {
    const text =
      typeof content === 'string' ? content : readFileSync(new URL(`${content.sample}.yaml`, SAMPLES), 'utf8');
    writeFileSync(join(this.folder, 'mlk8s.yaml'), text);
  }

  start(...args: string[]): { child: ChildProcess; end: Promise<Run> } {
    const env = {
      PATH: process.env.PATH,
      HOME: this.home,
      USER: 'tester',
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      ...this.env,
    };
    const child = spawn(process.execPath, [this.bin, ...args], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const end = new Promise<Run>((resolve) => {
      child.on('close', (code) => resolve(runOf(code, Buffer.concat(out).toString(), Buffer.concat(err).toString())));
    });
    return { child, end };
  }

  run(...args: string[]): Promise<Run> {
    return this.start(...args).end;
  }

  /** Starts a command and kills it when it has said `moment` for the nth time; false if it ended before. */
  async killAt(moment: string, nth: number, ...args: string[]): Promise<{ killed: boolean; said: string }> {
    const { child, end } = this.start(...args);
    let said = '';
    let killed = false;
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!killed && said.split(moment).length > nth) killed = child.kill('SIGKILL');
    });
    await end;
    return { killed, said };
  }

  /** `up` in a rehearsal, as a program runs it. */
  up(...args: string[]): Promise<Run> {
    return this.run(...UP, ...args);
  }

  /** A command inside a simulated machine; throws when it fails there. */
  async exec(rig: string, script: string): Promise<string> {
    const run = await this.run('rehearsal', 'exec', rig, '--', 'bash', '-c', script);
    if (run.code !== 0) throw new Error(`${rig}: ${script}: status ${run.code}: ${run.stderr}`);
    return run.stdout;
  }

  /** The whole simulated world, normalised: equal states give equal texts. */
  async dump(): Promise<string> {
    return (await this.run('rehearsal', 'dump', '--json')).stdout;
  }

  /** Everything below the home that is not mlk8s' own state, nor the folder that the user works in. */
  leftInHome(): string[] {
    const state = join('.local', 'state', 'mlk8s');
    const all = readdirSync(this.home, { recursive: true, withFileTypes: true }).filter(
      (entry) => !entry.isDirectory(),
    );
    const paths = all.map((entry) => join(entry.parentPath, entry.name).slice(this.home.length + 1));
    return paths.filter((path) => !path.startsWith(`${state}/`) && !path.startsWith('work/'));
  }

  readFile(): string {
    return readFileSync(join(this.folder, 'mlk8s.yaml'), 'utf8');
  }

  async leave(): Promise<void> {
    await this.run('rehearsal', 'reset');
    if (existsSync(this.home)) rmSync(this.home, { recursive: true, force: true });
  }
}

function runOf(code: number | null, stdout: string, stderr: string): Run {
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{"v":1') ? [JSON.parse(line)] : []));
  const refused = events.flatMap(({ items }) => (items as PlanItem[] | undefined) ?? []);
  const found = [...refused, ...events].flatMap(({ problem }) => (problem ? sentence(problem as Problem) : []));
  return { code, stdout, stderr, events, summary: events.at(-1) as Summary, problems: [...new Set(found)] };
}

function sentence({ where, seen }: Problem): string {
  return `${where}: ${seen}`;
}

/** Waits until `condition` holds; the test's own deadline ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
