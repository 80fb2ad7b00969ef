import type { Renderer } from './renderer.ts';
import type { Output } from './style.ts';

/** Version of the events' format; a program that reads them checks it. */
const VERSION = 1;

/** One JSON object per event and line, for programs. */
export function jsonRenderer(out: Output): Renderer {
  return {
    listener: (event) => out.write(`${JSON.stringify({ v: VERSION, ...event })}\n`),
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}
