import type { Renderer } from './renderer.ts';
import type { Output, Style } from './style.ts';
import { teller } from './text.ts';

/** Plain lines in the order of the events, for where no cursor can move. */
export function linesRenderer(out: Output, style: Style): Renderer {
  const tell = teller(style);
  return {
    listener: (event) => {
      for (const line of tell(event)) out.write(`${line}\n`);
    },
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}
