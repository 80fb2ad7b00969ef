import { Slots } from './waiting.ts';

/** The person at the terminal. Absent when there is none. */
export interface Prompts {
  /** Asks for something that is not shown. undefined: declined. */
  secret(question: string): Promise<string | undefined>;
  /** Asks for a yes. */
  confirm(question: string): Promise<boolean>;
}

/** One question at a time, however many hosts connect. `task` runs in the person's turn and may ask. */
export type InTurn = <T>(task: (person: Prompts | undefined) => Promise<T>) => Promise<T>;

/** Gives out turns with `person`. */
export function turns(person: Prompts | undefined): InTurn {
  const one = new Slots(1);
  return (task) => one.run(() => task(person));
}
