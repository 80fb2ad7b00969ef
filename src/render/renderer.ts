import type { Listener } from '../engine/events.ts';

/** Shows engine events. Decides nothing. */
export interface Renderer {
  readonly listener: Listener;
  /** Clears the way for a question, and goes on after it. */
  pause(): void;
  resume(): void;
  /** Leaves the output as it was found. */
  close(): void;
}
