import type { CommandContext, RigFiles } from '../../../../src/rehearsal/model/command.ts';
import { model } from '../../../../src/rehearsal/model/index.ts';
import type { RigState, WorldState } from '../../../../src/rehearsal/model/state.ts';
import { settle } from '../../../../src/rehearsal/model/ubuntu/settle.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

export interface Result {
  out: string;
  err: string;
  code: number;
}

interface RunOptions {
  user?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** Model seconds after which the caller is killed. */
  killedAfter?: number;
  /** Called whenever time passed. */
  everyTick?: () => void;
}

/** Files in memory; a link is read as what it points to. */
export function memoryFiles(): RigFiles & { readonly all: Map<string, string> } {
  const all = new Map<string, string>();
  const below = (path: string) => [...all.keys()].filter((key) => key.startsWith(`${path.replace(/\/$/, '')}/`));
  const LINK = 'link:';
  const real = (path: string): string => {
    for (const [at, target] of all) {
      if (!target.startsWith(LINK) || (path !== at && !path.startsWith(`${at}/`))) continue;
      const to = target.slice(LINK.length);
      const base = to.startsWith('/') ? to : `${at.replace(/\/[^/]*$/, '')}/${to}`;
      return real(`${base}${path.slice(at.length)}`);
    }
    return path;
  };
  return {
    all,
    read: (path) => (real(path) === '/dev/null' ? '' : all.get(real(path))),
    write: (path, content) => void all.set(real(path), content),
    remove: (path) => {
      for (const key of [path, ...below(path)]) all.delete(key);
    },
    exists: (path) => all.has(path) || all.has(real(path)) || below(real(path)).length > 0,
    list: (path) => {
      const folder = `${real(path).replace(/\/$/, '')}/`;
      return [...new Set(below(real(path)).map((key) => key.slice(folder.length).split('/')[0] ?? ''))].filter(Boolean);
    },
    mkdir: (path) => void all.set(`${real(path)}/.`, ''),
    link: (target, path) => void all.set(path, `${LINK}${target}`),
  };
}

/** One machine (and, if asked for, its peers) with a clock that jumps. */
export class TestMachine {
  readonly files = memoryFiles();
  readonly rig: RigState;
  readonly world: WorldState;
  readonly spawned: { argv: readonly string[]; env: Record<string, string>; end: (code: number) => void }[] = [];
  readonly ran: (readonly string[])[] = [];
  now = NOW;
  reboots = 0;

  constructor(name = 'rig1', labels: Record<string, string> = {}) {
    const options = { purpose: 'node', user: 'mia', labels, local: false, now: NOW, bootId: 'boot-1' } as const;
    this.rig = model.newRig(name, '192.168.1.11', options);
    this.world = {
      v: 1,
      cluster: 'home',
      scale: 100,
      anchorModel: NOW,
      anchorReal: NOW,
      rigs: { [name]: this.rig },
      clusters: {},
      counter: 0,
    };
    this.files.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nmia:x:1000:1000::/home/mia:/bin/bash\n');
    this.files.write('/etc/group', 'root:x:0:\nsudo:x:27:mia\nmia:x:1000:\n');
    for (const [path, { content }] of Object.entries(model.files?.(this.rig) ?? {})) this.files.write(path, content);
  }

  /** A machine beside it in the network. */
  addPeer(name: string, address: string): RigState {
    const options = { purpose: 'node', user: 'mia', labels: {}, local: false, now: NOW, bootId: 'boot-2' } as const;
    const peer = model.newRig(name, address, options);
    this.world.rigs[name] = peer;
    return peer;
  }

  /** Runs a line of blank-separated words, or words. A killed caller throws. */
  async run(line: string | readonly string[], options: RunOptions = {}): Promise<Result> {
    const [name = '', ...args] = typeof line === 'string' ? line.split(' ') : line;
    const command = model.commands[name];
    if (!command) throw new Error(`no command ${name}`);
    const result: Result = { out: '', err: '', code: 0 };
    result.code = await command(this.#context(name, args, options, result));
    return result;
  }

  /** What the host does from time to time. */
  settle(): void {
    settle(this.#context('settle', [], {}, { out: '', err: '', code: 0 }));
  }

  reboot(): void {
    this.rig.bootId = `${this.rig.bootId}+`;
    this.rig.bootedAt = this.now;
    model.boot?.(this.#context('boot', [], {}, { out: '', err: '', code: 0 }));
  }

  #context(name: string, args: readonly string[], options: RunOptions, result: Result): CommandContext {
    const deadline =
      options.killedAfter === undefined ? Number.POSITIVE_INFINITY : this.now + options.killedAfter * 1000;
    return {
      rig: this.rig,
      world: this.world,
      args,
      name,
      user: options.user ?? 'root',
      env: options.env ?? { LANG: 'C.UTF-8' },
      cwd: '/root',
      files: this.files,
      filesOf: () => undefined,
      stdin: async () => Buffer.from(options.stdin ?? ''),
      out: (text) => {
        result.out += text;
      },
      err: (text) => {
        result.err += text;
      },
      now: () => this.now,
      sleep: async (seconds) => {
        this.now = Math.min(this.now + Math.max(0, seconds) * 1000, deadline);
        if (this.now >= deadline) throw new Error('the caller is gone');
        options.everyTick?.();
      },
      run: async (argv) => {
        this.ran.push(argv);
        return 0;
      },
      spawn: (argv, env, end) => {
        this.spawned.push({ argv, env, end });
        return { pid: 100, kill: () => undefined };
      },
      reboot: () => {
        this.reboots++;
      },
      changed: () => undefined,
      next: () => ++this.world.counter,
    };
  }
}

/** What a command prints and returns, with only what is not empty or 0: short enough for a table. */
export function brief({ out, err, code }: Result): Partial<Result> {
  return { ...(out && { out }), ...(err && { err }), ...(code && { code }) };
}
