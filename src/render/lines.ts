import type { Renderer } from './renderer.ts';
import type { Output, Style } from './style.ts';
import { singleBlanks, teller } from './text.ts';

/** Plain lines in the order of the events, for where no cursor can move. */
export function linesRenderer(out: Output, style: Style): Renderer {
  const tell = teller(style);
  const single = singleBlanks();
  return {
    listener: (event) => {
      for (const line of single(tell(event))) out.write(`${line}\n`);
    },
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}
