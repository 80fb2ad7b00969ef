import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from '../../src/rehearsal/dump.ts';
import { layout } from '../../src/rehearsal/paths.ts';
import { Lab } from '../lab/lab.ts';
import type { LabMachine } from '../lab/machine.ts';
import { Operator } from '../lab/operator.ts';
import { USER } from '../lab/places.ts';
import type { Point } from './points.ts';
import type { CutKind, Dump, Happened, How, Sent, Stage, StartedRun, World } from './stage.ts';

const MACHINES = 2;
const APT_LOOK_MS = 50;

/** Of every run or machine its own. */
const PASSING =
  '/etc/machine-id|/etc/ssh/ssh_host_.*|/etc/ld.so.cache|/etc/.*~|/etc/resolv.conf|/var/lib/mlk8s/jobs|/var/lib/mlk8s/.*lock(.holder)?';
const LIST = `
find /etc /var/lib/mlk8s -regextype posix-extended -regex '${PASSING}' -prune -o -printf '%m %u:%g %y %p\\t%l\\n' | sort |
while IFS=$'\\t' read -r head link; do
  path=\${head#* * * }
  if [ -f "$path" ] && [ ! -L "$path" ]; then text=$(base64 -w0 "$path"); else text=; fi
  printf '%s\\t%s\\t%s\\n' "$head" "$link" "$text"
done
`;

export const labStage: Stage = {
  async fresh() {
    const lab = await Lab.up(MACHINES);
    return LabWorld.of(lab);
  },
};

/** Real machines; snaps, MicroK8s and the GPU are simulated on them. A point is hit by time or event only. */
class LabWorld implements World {
  readonly #lab: Lab;
  readonly #user = new Operator();
  readonly #other = new Operator();
  readonly #aptAtOnce = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #power: Promise<unknown> = Promise.resolve();

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.#timer = setInterval(() => this.#countApt(), APT_LOOK_MS).unref();
  }

  static async of(lab: Lab): Promise<LabWorld> {
    const world = new LabWorld(lab);
    world.#user.file(lab.clusterFile(1));
    const key = join(world.#other.home, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    world.#other.file(lab.clusterFile(1).replace(lab.key, key));
    const known = `cat >>/home/${USER}/.ssh/authorized_keys <<'END'\n${readFileSync(`${key}.pub`, 'utf8')}END\n`;
    await Promise.all(lab.machines.map((machine) => machine.root(known)));
    return world;
  }

  get machines(): readonly string[] {
    return this.#lab.machines.map(({ name }) => name);
  }

  get joiners(): readonly string[] {
    return this.machines.slice(1);
  }

  get place(): string {
    return this.#user.home;
  }

  up(who: Point['next'], { cuts = [], aptHeld, lockWaitS = 0 }: How = {}): StartedRun {
    if (cuts.length > 0 || aptHeld) throw new Error('the lab cannot do this');
    const user = who === 'other' ? this.#other : this.#user;
    return user.start('up', '--yes', '--json', '--lock-wait', String(lockWaitS));
  }

  async cut(name: string, what: CutKind): Promise<void> {
    const machine = this.#machine(name);
    if (what === 'power') {
      await machine.powerCut();
      this.#power = Promise.all([this.#power, machine.switchOn()]);
      this.#power.catch(() => undefined);
    } else if (what === 'drop') await machine.root(`pkill -KILL -f '^sshd: ${USER}' || true`);
    else throw new Error(`the lab has no ${what}`);
  }

  async sent(): Promise<Sent> {
    return { execs: 0, execsOf: {}, bytes: {} };
  }

  async happened(): Promise<Record<string, Happened>> {
    const of = (name: string) => ({
      ...(this.#lab.world.rigs[name]?.counts ?? { joinsBegun: 0, joinsDone: 0 }),
      aptAtOnce: this.#aptAtOnce.get(name) ?? 0,
    });
    return Object.fromEntries(this.machines.map((name) => [name, of(name)]));
  }

  /** Processes of this computer that are apt or dpkg in one machine. dpkg under apt is one and the same. */
  #countApt(): void {
    const names = new Map(this.#lab.machines.map((machine) => [processNamespace(machine.leader), machine.name]));
    const found = new Map<string, number>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const name = isApt(pid) ? names.get(processNamespace(Number(pid))) : undefined;
      if (name !== undefined) found.set(name, (found.get(name) ?? 0) + 1);
    }
    for (const [name, count] of found) this.#aptAtOnce.set(name, Math.max(count, this.#aptAtOnce.get(name) ?? 0));
  }

  exec(machine: string, script: string): Promise<string> {
    return this.#machine(machine).root(script);
  }

  #machine(name: string): LabMachine {
    const found = this.#lab.machines.find((machine) => machine.name === name);
    if (!found) throw new Error(`the lab has no ${name}`);
    return found;
  }

  async dump(next: Point['next']): Promise<Dump> {
    await this.#power;
    const lists = await Promise.all(this.machines.map(async (name) => [name, await this.exec(name, LIST)] as const));
    const { world } = dump({ world: { state: this.#lab.world }, layout: layout('/nonexistent') }) as { world: object };
    const { home } = next === 'other' ? this.#other : this.#user;
    return {
      files: { ...Object.fromEntries(lists.map(([name, list]) => [name, files(list)])), workstation: kubeconfig(home) },
      model: JSON.stringify(world, null, 1),
    };
  }

  isOrdinary(commandLine: string): boolean {
    return !/mlk8s|apt-get|dpkg|microk8s (join|leave|add-node)|snap (install|remove)|bash --norc/.test(commandLine);
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#power.catch(() => undefined);
    await this.#lab.down();
    await Promise.all([this.#user.leave(), this.#other.leave()]);
  }
}

/** apt-get makes copies of itself before they become something else: those are no second apt. */
function isApt(pid: string): boolean {
  const status = (of: string) => attempt(() => readFileSync(`/proc/${of}/status`, 'utf8')) ?? '';
  const isNamed = (text: string) => text.startsWith('Name:\tapt-get\n');
  const own = status(pid);
  return isNamed(own) && !isNamed(status(/^PPid:\t(\d+)$/m.exec(own)?.[1] ?? ''));
}

function processNamespace(pid: number): string {
  return attempt(() => readlinkSync(`/proc/${pid}/ns/pid`)) ?? '';
}

/** A process may be gone before we look. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function files(list: string): Record<string, string> {
  const rows = list.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    rows.map((row) => {
      const [head = '', link = '', text = ''] = row.split('\t');
      const [mode, owner, type, ...path] = head.split(' ');
      const content = normalised(Buffer.from(text, 'base64').toString());
      return [path.join(' '), `${mode} ${owner} ${type} ${link}\n${content}`];
    }),
  );
}

function kubeconfig(home: string): Record<string, string> {
  const text = attempt(() => readFileSync(join(home, '.kube/config'), 'utf8'));
  return text === undefined ? {} : { '.kube/config': `\n${normalised(text)}` };
}

function normalised(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>')
    .replaceAll(/(?<=iqn\.[^\s:]+:01:)[0-9a-f]+/g, '<id>')
    .replaceAll(/(?<=(-data|token): )\S{20,}/g, '<secret>');
}
