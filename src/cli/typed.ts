import type { EngineEvent, PlanItem } from '../engine/events.ts';
import type { Problem } from '../errors.ts';
import { quote } from '../shell/script.ts';

/** What changes how a command has to be typed. */
export interface Typing {
  /** A command that is pasted after a rehearsal must not reach the real machines. */
  readonly rehearsal: boolean;
  /** `mlk8s`, or `npx mlk8s` where it is not installed. */
  readonly program: string;
  /** The cluster file, where it was named: without it the same words may mean another cluster. */
  readonly file?: string | undefined;
}

/** From the name of the program to the next one, or to the end of the line. */
const COMMAND =
  /(?<![\w./-])(?:npx )?mlk8s (init|plan|up|status|verify|doctor|cost|reset|add-node|open|connect|credentials|alert test|ca|logs|rehearsal|--help)\b((?:(?!mlk8s )[^\n])*)/g;
/** Those that read a cluster file, which may be a rehearsal's. */
const OF_A_CLUSTER = new Set([
  ...['plan', 'up', 'status', 'verify', 'doctor', 'cost', 'reset', 'add-node', 'logs'],
  ...['open', 'connect', 'credentials', 'alert test', 'ca'],
]);

/** `text` with each command of mlk8s in it as it has to be typed here. */
export function textAsTyped(text: string, { rehearsal, program, file }: Typing): string {
  return text.replaceAll(COMMAND, (command: string, verb: string, rest: string) => {
    const mayAdd = OF_A_CLUSTER.has(verb) && !/--help\b/.test(rest);
    const rehearse = mayAdd && rehearsal && !/--rehearse\b/.test(rest) ? ' --rehearse' : '';
    const named = mayAdd && file !== undefined && !/ (-f|--file)\b/.test(rest) ? ` -f ${quote(file)}` : '';
    const name = command.startsWith('npx ') ? 'npx mlk8s' : program;
    return `${name} ${verb}${rehearse}${named}${rest}`;
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
    case 'finding':
    case 'failed':
    case 'dropped':
      return { ...event, problem: problemAsTyped(event.problem, typing) };
    case 'plan':
      return { ...event, items: event.items.map((item) => itemAsTyped(item, typing)) };
    case 'summary':
      return {
        ...event,
        notes: event.notes.map((note) => textAsTyped(note, typing)),
        ...(typing.file === undefined ? {} : { file: typing.file }),
      };
    default:
      return event;
  }
}

/** Who types what a rehearsal says of the workstation has no other one than the real one at hand. */
function warningAsTyped(id: string, warning: string, typing: Typing): string {
  const isSimulated = typing.rehearsal && id.endsWith('@workstation');
  return `${isSimulated ? 'simulated, leave your own computer as it is: ' : ''}${textAsTyped(warning, typing)}`;
}

function itemAsTyped(item: PlanItem, typing: Typing): PlanItem {
  return {
    ...item,
    ...(item.warning === undefined ? {} : { warning: warningAsTyped(item.id, item.warning, typing) }),
    ...(item.problem === undefined ? {} : { problem: problemAsTyped(item.problem, typing) }),
  };
}
