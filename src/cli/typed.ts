import type { EngineEvent, PlanItem } from '../engine/events.ts';
import type { Problem } from '../errors.ts';

/** What changes how a command has to be typed. */
export interface Typing {
  /** A command that is pasted after a rehearsal must not reach the real machines. */
  readonly rehearsal: boolean;
  /** `mlk8s`, or `npx mlk8s` where it is not installed. */
  readonly program: string;
}

/** From the name of the program to the next one, or to the end of the line. */
const COMMAND =
  /(?<![\w./-])(?:npx )?mlk8s (init|plan|up|status|reset|add-node|logs|rehearsal|--help)\b((?:(?!mlk8s )[^\n])*)/g;
const REHEARSABLE = new Set(['plan', 'up', 'status', 'reset', 'add-node', 'logs']);

/** `text` with each command of mlk8s in it as it has to be typed here. */
export function textAsTyped(text: string, { rehearsal, program }: Typing): string {
  return text.replaceAll(COMMAND, (command: string, verb: string, rest: string) => {
    const isPlain = rehearsal && REHEARSABLE.has(verb) && !/--(rehearse|help)\b/.test(rest);
    const name = command.startsWith('npx ') ? 'npx mlk8s' : program;
    return `${name} ${verb}${isPlain ? ' --rehearse' : ''}${rest}`;
  });
}

/** A problem whose remedies can be typed as they stand. */
export function problemAsTyped(problem: Problem, typing: Typing): Problem {
  return { ...problem, next: problem.next.map((line) => textAsTyped(line, typing)) };
}

/** An event in which everything that people may type can be typed as it stands. */
export function eventAsTyped(event: EngineEvent, typing: Typing): EngineEvent {
  switch (event.event) {
    case 'warning':
    case 'interrupt':
      return { ...event, text: textAsTyped(event.text, typing) };
    case 'problem':
    case 'failed':
    case 'dropped':
      return { ...event, problem: problemAsTyped(event.problem, typing) };
    case 'plan':
      return { ...event, items: event.items.map((item) => itemAsTyped(item, typing)) };
    case 'summary':
      return { ...event, notes: event.notes.map((note) => textAsTyped(note, typing)) };
    default:
      return event;
  }
}

function itemAsTyped(item: PlanItem, typing: Typing): PlanItem {
  return {
    ...item,
    ...(item.warning === undefined ? {} : { warning: textAsTyped(item.warning, typing) }),
    ...(item.problem === undefined ? {} : { problem: problemAsTyped(item.problem, typing) }),
  };
}
