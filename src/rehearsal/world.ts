import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { noCounts } from './model/counts.ts';
import type { WorldState } from './model/state.ts';

/** Model seconds that a rehearsal lets pass while it is switched on again: services are up when somebody looks. */
const START_UP_MS = 15 * 60_000;
const SAVE_WITHIN_MS = 50;

/** The state of a rehearsal and its file. */
export class World {
  readonly state: WorldState;
  readonly #path: string;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = SAVE_WITHIN_MS;

  private constructor(path: string, state: WorldState) {
    this.#path = path;
    this.state = state;
  }

  /** Reads the file, or starts anew when there is none. Time stood still while nobody was there. */
  static open(path: string, cluster: string, scale: number): World {
    const anchorReal = Date.now();
    try {
      const state = JSON.parse(readFileSync(path, 'utf8')) as WorldState;
      // An earlier version stored none.
      for (const rig of Object.values(state.rigs)) rig.counts ??= noCounts();
      return new World(path, { ...state, anchorReal, scale });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return new World(path, {
      v: 1,
      cluster,
      scale,
      anchorModel: anchorReal,
      anchorReal,
      rigs: {},
      clusters: {},
      counter: 0,
    });
  }

  /** Model time, milliseconds since the epoch. */
  now(): number {
    return this.state.anchorModel + (Date.now() - this.state.anchorReal) * this.state.scale;
  }

  /** Lets the time pass that machines need after they were switched on. */
  skipStartUp(): void {
    this.state.anchorModel += START_UP_MS;
    this.changed();
  }

  /** Stores the state soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.save(), this.#pauseMs);
  }

  /** A reader of the file sees either the old state or the new one. */
  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const start = performance.now();
    this.state.anchorModel = this.now();
    this.state.anchorReal = Date.now();
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.state), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
    // A big state must not keep the server busy with writing it.
    this.#pauseMs = Math.max(SAVE_WITHIN_MS, Math.min(1000, 5 * (performance.now() - start)));
  }
}
