import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { LabMachine } from './machine.ts';

const PROGRAM = new URL('proxy.mjs', import.meta.url).pathname;

/** A second way to a machine's SSH server, on a port of its own: late, frozen or cut as one likes. */
export class Line {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #said: Interface;

  private constructor(port: number, process: ChildProcess, said: Interface) {
    this.port = port;
    this.#process = process;
    this.#said = said;
  }

  /** `delayMs`: how late every byte is, each way. */
  static async to(machine: LabMachine, delayMs = 0, port = 2222): Promise<Line> {
    const words = ['-t', String(machine.leader), '-n', process.execPath, PROGRAM, String(port), String(delayMs)];
    const child = spawn('nsenter', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const line = new Line(port, child, createInterface({ input: child.stdout }));
    await once(line.#said, 'line');
    return line;
  }

  /** From now on nothing goes through, and nobody is told. */
  freeze(): Promise<void> {
    return this.#order('freeze');
  }

  thaw(): Promise<void> {
    return this.#order('thaw');
  }

  /** Resets all connections; new ones are let through. */
  cut(): Promise<void> {
    return this.#order('cut');
  }

  async #order(order: string): Promise<void> {
    this.#process.stdin?.write(`${order}\n`);
    await once(this.#said, 'line');
  }

  close(): void {
    this.#process.kill();
  }
}
