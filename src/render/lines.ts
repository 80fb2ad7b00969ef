import type { Renderer } from './renderer.ts';
import type { Output, Style } from './style.ts';
import { eventLines } from './text.ts';

/** Plain lines in the order of the events, for where no cursor can move. */
export function linesRenderer(out: Output, style: Style): Renderer {
  let command = '';
  return {
    listener: (event) => {
      if (event.event === 'start') command = event.command;
      for (const line of eventLines(event, command, style)) out.write(`${line}\n`);
    },
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}
