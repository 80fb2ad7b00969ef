import { join } from 'node:path';
import { $ } from 'zx';
import { baseTree, checkNeeds } from './base.ts';
import { claim, makeGround, owner, removeLeftovers } from './ground.ts';
import { LabMachine, type MachineOptions } from './machine.ts';
import { LabModel } from './model.ts';
import { STATE, USER } from './places.ts';

/** Model seconds in one real second: what is simulated on a lab machine shall not make a run long. */
const SCALE = 100;

type Wanted = Partial<Omit<MachineOptions, 'name' | 'number'>>;

interface Watching {
  /** Hears what takes long. */
  readonly say?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Real machines on a bridge of this computer. */
export class Lab {
  readonly machines: LabMachine[] = [];
  /** Private key that lets root, and in most machines the user, in. */
  readonly key = join(STATE, 'key');
  readonly #base: string;
  readonly #model: LabModel;

  private constructor(base: string) {
    this.#base = base;
    this.#model = new LabModel(join(STATE, 'world.json'), SCALE);
  }

  /**
   * Starts `count` machines, rig1 and on. Throws when a lab is up already, this computer cannot have one, or `signal`
   * says so; nothing is left of it then.
   */
  static async up(count: number, options: Wanted = {}, { say = () => undefined, signal }: Watching = {}): Promise<Lab> {
    checkNeeds();
    const other = owner();
    if (other !== undefined) throw new Error(`a lab is up in ${STATE} already, by process ${other}`);
    await removeLeftovers();
    claim();
    try {
      const base = await baseTree(say, signal);
      await makeGround();
      const lab = new Lab(base);
      await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C lab -f ${lab.key}`;
      try {
        await Promise.all(Array.from({ length: count }, () => lab.add(options)));
        signal?.throwIfAborted();
      } catch (error) {
        await lab.down();
        throw error;
      }
      return lab;
    } catch (error) {
      await removeLeftovers();
      throw error;
    }
  }

  /** One more machine, switched on. */
  async add(options: Wanted = {}): Promise<LabMachine> {
    const number = this.machines.length + 1;
    const ground = { state: STATE, base: this.#base, key: this.key, model: this.#model };
    const all = { sudo: 'nopasswd', takesKey: true, ...options, name: `rig${number}`, number: number + 10 } as const;
    const machine = new LabMachine(all, ground);
    this.machines.push(machine);
    await machine.start();
    return machine;
  }

  /** State of what is simulated: snaps, clusters and their objects. */
  get world(): LabModel['world']['state'] {
    return this.#model.world.state;
  }

  /** A cluster file of the machines with their host keys: the first `planes` are control planes. */
  clusterFile(planes: number, machines: readonly LabMachine[] = this.machines): string {
    const nodes = machines.map(
      ({ name, address, fingerprint }, i) =>
        `  - name: ${name}\n    address: ${address}\n    role: ${i < planes ? 'control-plane' : 'worker'}\n    ssh: { hostKey: '${fingerprint}' }\n`,
    );
    return `name: lab\nssh:\n  user: ${USER}\n  identityFile: ${this.key}\nnodes:\n${nodes.join('')}`;
  }

  /** Switches everything off and removes it. */
  async down(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
    this.#model.close();
    await removeLeftovers();
  }
}
