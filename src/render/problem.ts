import type { Problem } from '../errors.ts';
import { clean, type Style, wrap } from './style.ts';

/**
 * The look of every error: where it is, what was seen, why that is likely, what to do next. `about`: what it happened
 * to, named as well when the place does not say so.
 */
export function problemLines(problem: Problem, style: Style, word = 'error', about = ''): string[] {
  const mark = style.paint('red', `${style.symbols.failed} ${word}`);
  const place = problem.where.includes(about) ? problem.where : `${problem.where} (${about})`;
  const parts = [
    ...part('seen', problem.seen, style),
    ...(problem.why ? part('why', problem.why, style) : []),
    ...problem.next.flatMap((line, index) => part(index === 0 ? 'next' : '', line, style)),
  ];
  return [`${mark}  ${style.paint('bold', clean(place))}`, ...parts];
}

function part(label: string, text: string, style: Style): string[] {
  return wrap(text, `    ${label.padEnd(4)}  `, style);
}
