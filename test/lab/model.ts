import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { CallerGone, ShimCall } from '../../src/rehearsal/call.ts';
import { FrameReader } from '../../src/rehearsal/frames.ts';
import type { Command, CommandContext, MachineSite, RigFiles } from '../../src/rehearsal/model/command.ts';
import { model } from '../../src/rehearsal/model/index.ts';
import type { RigState } from '../../src/rehearsal/model/state.ts';
import { loadModule } from '../../src/rehearsal/model/ubuntu/kernel-data.ts';
import { World } from '../../src/rehearsal/world.ts';
import { MODULES } from '../../src/steps/node/files.ts';

/** What the simulated part needs of a real machine. */
export interface Body {
  readonly state: RigState;
  readonly files: RigFiles;
  /** Makes the services of its snaps what the model says they are. */
  settleUnits(): Promise<void>;
}

/** What a container cannot have, for all machines of a lab: snaps, MicroK8s, kernel modules. The rehearsal's own model. */
export class LabModel {
  readonly world: World;
  readonly #bodies = new Map<string, Body>();
  readonly #listeners: net.Server[] = [];

  constructor(file: string, scale: number) {
    this.world = World.open(file, 'lab', scale);
  }

  /** Answers the simulated programs of a machine, over a socket that the machine sees as /dev/mlk8s-model. */
  async serve(body: Body, socket: string): Promise<void> {
    this.#bodies.set(body.state.name, body);
    this.world.state.rigs[body.state.name] = body.state;
    showKernel(body.state);
    rmSync(socket, { force: true });
    const listener = net.createServer({ allowHalfOpen: true }, (connection) => this.#onConnection(body, connection));
    this.#listeners.push(listener);
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(socket, resolve));
  }

  /** The machine was switched on again: what was live only is gone. */
  boot(body: Body, bootId: string): void {
    body.state.bootId = bootId;
    body.state.bootedAt = this.world.now();
    body.state.faults = body.state.faults.filter((mark) => mark !== 'down');
    model.boot?.(this.#site(body));
    showKernel(body.state);
    this.world.changed();
  }

  down(body: Body): void {
    body.state.faults.push('down');
    this.world.changed();
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    this.world.save();
  }

  #onConnection(body: Body, socket: net.Socket): void {
    const reader = new FrameReader(true);
    socket.on('error', () => socket.destroy());
    const onData = (chunk: Buffer) => {
      reader.push(chunk);
      const hello = reader.next();
      if (!hello) return;
      socket.off('data', onData);
      socket.pause();
      void this.#answer(body, new ShimCall(socket, hello, reader));
    };
    socket.on('data', onData);
  }

  async #answer(body: Body, call: ShimCall): Promise<void> {
    const command = call.name === 'modprobe' ? modprobe : model.commands[call.name];
    try {
      if (!command) throw new Error('no such simulated program');
      const code = await command(this.#context(body, call));
      await body.settleUnits();
      call.exit(code);
    } catch (error) {
      if (error instanceof CallerGone || call.gone.aborted) return;
      call.err(`${call.name}: the lab failed to simulate this: ${(error as Error).stack}\n`);
      call.exit(70);
    }
  }

  #site(body: Body): MachineSite {
    const { world } = this;
    return {
      rig: body.state,
      world: world.state,
      files: body.files,
      filesOf: (rig) => this.#bodies.get(rig)?.files,
      now: () => world.now(),
      next: () => world.state.counter++,
      changed: () => world.changed(),
    };
  }

  #context(body: Body, call: ShimCall): CommandContext {
    const isReal = () => {
      throw new Error('this is a real program in the lab');
    };
    return {
      ...this.#site(body),
      args: call.args,
      name: call.name,
      user: call.env.USER || 'root',
      env: call.env,
      cwd: call.cwd,
      stdin: () => call.stdin(),
      out: (text) => call.out(text),
      err: (text) => call.err(text),
      sleep: (seconds) =>
        wait((Math.max(0, seconds) * 1000) / this.world.state.scale, undefined, { signal: call.gone }).catch(() => {
          throw new CallerGone();
        }),
      run: async (argv) => (await (await call.child({ argv }, false)).ended).code,
      spawn: isReal,
      reboot: isReal,
    };
  }
}

/** /sys/module shows this computer's own modules: what the model has loaded must be seen in another way. */
const modprobe: Command = (context) => {
  const [option, name = ''] = context.args;
  if (option !== '--show-depends' || !context.rig.modules.includes(name))
    return model.commands.modprobe?.(context) ?? 127;
  context.out(`builtin ${name}\n`);
  return 0;
};

/** A machine sees this computer's own modules in /sys/module, from the start and after each boot: so does the model. */
function showKernel(rig: RigState): void {
  for (const name of MODULES) if (existsSync(`/sys/module/${name}`)) loadModule(rig, name);
}
