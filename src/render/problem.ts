import type { Problem } from '../errors.ts';
import { type Style, wrap } from './style.ts';

/** The look of every error: where it is, what was seen, why that is likely, what to do next. */
export function problemLines(problem: Problem, style: Style, word = 'error'): string[] {
  const mark = style.paint('red', `${style.symbols.failed} ${word}`);
  const parts = [
    ...part('seen', problem.seen, style),
    ...(problem.why ? part('why', problem.why, style) : []),
    ...problem.next.flatMap((line, index) => part(index === 0 ? 'next' : '', line, style)),
  ];
  return [`${mark}  ${style.paint('bold', problem.where)}`, ...parts];
}

function part(label: string, text: string, style: Style): string[] {
  return wrap(text, `    ${label.padEnd(4)}  `, style);
}
