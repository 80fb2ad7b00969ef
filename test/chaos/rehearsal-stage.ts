import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Control, dial } from '../../src/rehearsal/connect.ts';
import { type ExecOutput, onLines } from '../../src/rehearsal/messages.ts';
import type { Counts } from '../../src/rehearsal/model/counts.ts';
import { sockets } from '../../src/rehearsal/paths.ts';
import { templatePath } from '../../src/templates.ts';
import { User } from '../acceptance/user.ts';
import type { Point, Sample } from './points.ts';
import type { Cut, CutKind, Dump, Happened, How, Sent, Stage, StartedRun, World } from './stage.ts';

/** Slower than usual: jobs must take most of the time, and not the work of this computer, to be hit in their middle. */
const SCALE = 30;
/** Real seconds on top of each deadline: a busy computer is no fault of the machines. */
const GRACE_S = 20;
const OTHER = { name: 'workstation-2', address: '192.0.2.2' };
const FIRST = { name: 'workstation', address: '192.0.2.1' };

export const rehearsalStage: Stage = {
  async fresh(sample) {
    const { nodes, ...rest } = parse(readFileSync(templatePath('samples', `${sample}.yaml`), 'utf8'));
    const { name, microk8s, ssh } = rest;
    // What is installed in the cluster has its own proofs: here it would take most of the time.
    const text = stringify({ name, microk8s, ssh, nodes });
    const machines = (nodes as { name: string }[]).map((node) => node.name);
    const world = new RehearsalWorld(sample, text, machines);
    await world.switchOn();
    return world;
  },
};

class RehearsalWorld implements World {
  readonly machines: readonly string[];
  readonly #user = new User();
  readonly #other = new User();
  readonly #dir: string;
  #control: Control | undefined;
  #before: Sent = { execs: 0, execsOf: {}, bytes: {} };

  constructor(sample: Sample, text: string, machines: readonly string[]) {
    this.machines = machines;
    const inHome = join('.local/state/mlk8s/rehearsal', sample);
    this.#dir = join(this.#user.home, inHome);
    for (const user of [this.#user, this.#other]) {
      user.file(text);
      user.env.MLK8S_REHEARSAL_SCALE = String(SCALE);
      user.env.MLK8S_REHEARSAL_GRACE_S = String(GRACE_S);
    }
    const link = join(this.#other.home, inHome);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(this.#dir, link);
    this.#other.env.MLK8S_REHEARSAL_WORKSTATION = '2';
  }

  /** The machines are there before anybody types `up`. */
  async switchOn(): Promise<void> {
    await this.#user.run('plan', '--rehearse');
    this.#before = await this.#sentAtAll();
  }

  get joiners(): readonly string[] {
    return this.machines.slice(1);
  }

  get place(): string {
    return this.#user.home;
  }

  up(who: Point['next'], { cuts = [], aptHeld, lockWaitS = 0 }: How = {}): StartedRun {
    const held = aptHeld ? [`${aptHeld.machine}:aptlock:${aptHeld.seconds}`] : [];
    const faults = [...cuts.map(fault), ...held].flatMap((each) => ['--fault', each]);
    const user = who === 'other' ? this.#other : this.#user;
    return user.start('up', '--rehearse', '--yes', '--json', '--lock-wait', String(lockWaitS), ...faults);
  }

  async cut(machine: string, what: CutKind): Promise<void> {
    await (await this.#server())?.ask({ op: 'fault', rig: machine, what });
  }

  async sent(): Promise<Sent> {
    const all = await this.#sentAtAll();
    const less = (of: Sent['bytes'], before: Sent['bytes']) =>
      Object.fromEntries(Object.entries(of).map(([name, count]) => [name, count - (before[name] ?? 0)]));
    return {
      execs: all.execs - this.#before.execs,
      execsOf: less(all.execsOf, this.#before.execsOf),
      bytes: less(all.bytes, this.#before.bytes),
    };
  }

  async #sentAtAll(): Promise<Sent> {
    const counts = await this.#counts();
    const nodes = this.machines.map((name) => [name, counts[name]] as const);
    return {
      execs: nodes.reduce((sum, [, each]) => sum + (each?.execs ?? 0), 0),
      execsOf: Object.fromEntries(nodes.map(([name, each]) => [name, each?.execs ?? 0])),
      bytes: Object.fromEntries(nodes.map(([name, each]) => [name, each?.bytes ?? 0])),
    };
  }

  happened(): Promise<Record<string, Happened>> {
    return this.#counts();
  }

  /** Nothing has happened yet where no server answers. */
  async #counts(): Promise<Record<string, Counts>> {
    const control = await this.#server();
    return ((await control?.ask({ op: 'counts' }).catch(() => undefined)) ?? {}) as Record<string, Counts>;
  }

  async #server(): Promise<Control | undefined> {
    if (this.#control && !this.#control.socket.destroyed) return this.#control;
    const socket = existsSync(this.#dir) ? await dial(sockets(this.#dir).control) : undefined;
    this.#control = socket && new Control(socket);
    return this.#control;
  }

  /** Without the CLI: hundreds of calls, and no time passes before the next run begins. */
  async exec(machine: string, script: string): Promise<string> {
    const socket = await dial(sockets(this.#dir).control);
    if (!socket) throw new Error('the rehearsal does not run');
    socket.write(`${JSON.stringify({ op: 'exec', rig: machine, argv: ['bash', '-c', script] })}\n{"eof":true}\n`);
    return new Promise((resolve, reject) => {
      let text = '';
      onLines(socket, (line) => {
        const said = JSON.parse(line) as ExecOutput | { message: string };
        if ('out' in said) text += Buffer.from(said.out, 'base64').toString();
        else if ('exit' in said && said.exit === 0) resolve(text);
        else if (!('err' in said)) reject(new Error(`${machine}: ${JSON.stringify(said)}`));
      });
      socket.once('close', () => reject(new Error(`${machine}: the rehearsal hung up`)));
    });
  }

  async dump(next: Point['next']): Promise<Dump> {
    const control = await this.#server();
    const raw = await control?.ask({ op: 'dump' });
    return raw === undefined ? { files: {}, model: '' } : read(raw as RawDump, next);
  }

  isOrdinary(commandLine: string): boolean {
    return commandLine.includes('rig.pl');
  }

  async leave(): Promise<void> {
    await (await this.#server())?.ask({ op: 'stop' }).catch(() => undefined);
    await this.#user.leave();
    rmSync(this.#other.home, { recursive: true, force: true });
  }
}

function fault({ machine, what, at }: Cut): string {
  return `${machine}:${what}@${at.unit}${at.count}`;
}

interface RawDump {
  world: { rigs: Record<string, unknown> };
  files: Record<string, Record<string, unknown>>;
}

/** Where another person went on, their workstation stands for that of the first, which is dead. */
function read(raw: RawDump, next: Point['next']): Dump {
  const gone = next === 'other' ? FIRST.name : OTHER.name;
  delete raw.world.rigs[gone];
  delete raw.files[gone];
  const same = JSON.stringify(raw).replaceAll(OTHER.name, FIRST.name).replaceAll(OTHER.address, FIRST.address);
  const { world, files } = JSON.parse(same) as RawDump;
  const texts = (of: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(of).map(([path, each]) => [path, shown(each as { mode: string })]));
  return {
    files: Object.fromEntries(Object.entries(files).map(([machine, of]) => [machine, texts(of)])),
    model: JSON.stringify(world, null, 1),
  };
}

function shown({ mode, link, text }: { mode: string; link?: string; text?: string }): string {
  return `${mode}\n${link ?? text ?? ''}`;
}
