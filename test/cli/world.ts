import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Context, Engine, HostsWish, Parts } from '../../src/cli/context.ts';
import { realParts } from '../../src/cli/parts.ts';
import { run } from '../../src/cli/program.ts';
import type { PlanItem, Summary } from '../../src/engine/events.ts';
import type { RunOptions, UpOptions } from '../../src/engine/options.ts';
import type { Step } from '../../src/engine/types.ts';
import { UserError } from '../../src/errors.ts';
import type { Host, Hosts } from '../../src/transport/host.ts';

export const CLUSTER = `# my machines
name: home-lab
nodes:
  - name: rig1
    address: 10.0.0.101
    role: control-plane
  - name: rig2 # under the desk
    address: 10.0.0.102
`;

const items: readonly PlanItem[] = [
  { id: 'node/hosts@rig1', verdict: 'change', because: '/etc/hosts does not list rig2', does: ['write /etc/hosts'] },
];

/** What one call of the command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  /** Standard error. */
  readonly said: string;
  readonly error: UserError | undefined;
}

/** A folder, a state folder and an engine that only exist for one test. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'mlk8s-cli-'));
  readonly asked: (RunOptions | UpOptions)[] = [];
  readonly wishes: HostsWish[] = [];
  closed = 0;
  /** What the machines answer to the first calls. */
  refusals: Error[] = [];
  parts: Partial<Parts> = {};
  engine: Partial<Engine> = {};
  /** What a person types; undefined: there is no terminal. */
  typed: string | undefined;
  env: NodeJS.ProcessEnv = {};
  #said: Buffer[] = [];

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  async mlk8s(...args: string[]): Promise<Outcome> {
    let out = '';
    const write = (text: string): boolean => {
      out += text;
      return true;
    };
    const io = this.#io(write);
    const said = () => Buffer.concat(this.#said).toString();
    const context = { io, parts: { ...realParts, ...this.#fakes(), ...this.parts } };
    try {
      return { code: await run(args, context), out, said: said(), error: undefined };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { code: error.exitCode, out, said: said(), error };
    }
  }

  #io(write: (text: string) => boolean): Context['io'] {
    const isTTY = this.typed !== undefined;
    const stdin = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream;
    const answers = this.typed?.split('\n') ?? [];
    const stderr = Object.assign(new PassThrough(), { isTTY });
    // A person answers when asked: every question ends with a blank.
    this.#said = [];
    stderr.on('data', (chunk: Buffer) => {
      this.#said.push(chunk);
      if (/[?\]:] $/.test(chunk.toString())) setImmediate(() => stdin.push(`${answers.shift() ?? ''}\n`));
    });
    return { stdin, stdout: { write }, stderr, env: this.env, cwd: this.folder };
  }

  #fakes(): Partial<Parts> {
    return {
      openHosts: async (wish) => {
        this.wishes.push(wish);
        return this.#hosts(wish);
      },
      steps: async () =>
        ['node', 'microk8s', 'storage'].map((name): Step => ({ name, title: name, resources: () => [] })),
      engine: async () => ({
        plan: this.#look,
        status: this.#look,
        verify: this.#up,
        doctor: this.#look,
        cost: this.#look,
        up: this.#up,
        reset: this.#up,
        authority: () => Promise.reject(new Error('no test reads certificates here')),
        credentials: () => Promise.reject(new Error('no test reads passwords here')),
        wayTo: () => Promise.reject(new Error('no test opens anything here')),
        testAlert: () => Promise.reject(new Error('no test sends alerts here')),
        ...this.engine,
      }),
    };
  }

  #hosts(wish: HostsWish): Hosts {
    const exec = async () => {
      const refusal = this.refusals.shift();
      if (refusal) throw refusal;
      return { stdout: Buffer.of(), stderr: '', code: 0 };
    };
    const host = (name: string): Host => ({ name, exec }) as unknown as Host;
    const close = async () => {
      this.closed++;
    };
    const rehearsal = wish.rehearsal ? { rehearsal: 'Rehearsal: the machines are simulated.' } : {};
    return { node: host, workstation: host('workstation'), close, ...rehearsal };
  }

  #look = async (options: RunOptions): Promise<Summary> => {
    this.asked.push(options);
    this.#start(options);
    return finish(options, { exitCode: 2 });
  };

  #up = async (options: UpOptions): Promise<Summary> => {
    this.asked.push(options);
    this.#start(options);
    if (!(await options.confirm(items))) return finish(options, { exitCode: 2 });
    return finish(options, { exitCode: 0, applied: 1 });
  };

  #start({ command, file, hosts, listener }: RunOptions): void {
    const names = file.nodes.map((node) => node.name);
    const rehearsal = hosts.rehearsal ? { rehearsal: hosts.rehearsal } : {};
    listener({ event: 'start', command, cluster: file.name, hosts: names, ...rehearsal });
    listener({ event: 'plan', items });
  }
}

export function finish({ command, file, hosts, listener }: RunOptions, given: Partial<Summary>): Summary {
  const summary: Summary = {
    command,
    cluster: file.name,
    exitCode: 0,
    changes: 1,
    applied: 0,
    failed: 0,
    refused: 0,
    dropped: [],
    execs: {},
    seconds: 1,
    rehearsal: hosts.rehearsal !== undefined,
    notes: [],
    ...given,
  };
  listener({ event: 'summary', ...summary });
  return summary;
}

/** A fresh world for each test of a file; nothing is written outside its folder. */
export function freshWorld(): () => World {
  let world: World;
  beforeEach(() => {
    world = new World();
    vi.stubEnv('HOME', world.folder);
    vi.stubEnv('XDG_STATE_HOME', join(world.folder, 'state'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(world.folder, { recursive: true, force: true });
  });
  return () => world;
}
