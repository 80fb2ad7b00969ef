import { expect } from 'vitest';
import { Lab } from './lab.ts';
import type { LabMachine } from './machine.ts';
import { Operator } from './operator.ts';

/** A lab without machines so far, for scenarios side by side: each takes fresh machines and has somebody of its own. */
export class Scene {
  readonly lab: Lab;
  readonly #operators: Operator[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async set(): Promise<Scene> {
    return new Scene(await Lab.up(0));
  }

  /** Somebody whose cluster file has these machines; the first is the control plane. */
  operator(...machines: readonly LabMachine[]): Operator {
    const operator = new Operator();
    this.#operators.push(operator);
    operator.file(this.lab.clusterFile(1, machines));
    return operator;
  }

  async clear(): Promise<void> {
    await this.lab.down();
    await Promise.all(this.#operators.map((operator) => operator.leave()));
  }
}

/** After whatever happened: one `up` finishes, and the next one finds nothing to do. */
export async function finishes(operator: Operator, ...args: string[]): Promise<void> {
  const first = await operator.up(...args);
  const troubles = first.events.filter(({ event }) => ['failed', 'problem', 'dropped'].includes(String(event)));
  expect({ troubles, summary: first.summary, stderr: first.stderr }).toMatchObject({
    troubles: [],
    summary: { exitCode: 0, failed: 0, refused: 0, dropped: [] },
    stderr: '',
  });
  expect((await operator.up(...args)).summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0 });
}
