import { printableJson } from './printable.ts';
import type { Renderer } from './renderer.ts';
import type { Output } from './style.ts';

/** Version of the events' format; a program that reads them checks it. */
const VERSION = 1;

/** One line for a program: `value` with the version, and nothing in it that would drive a terminal. */
export function jsonLine(value: object): string {
  return printableJson(JSON.stringify({ v: VERSION, ...value }));
}

/** One JSON object per event and line, for programs. */
export function jsonRenderer(out: Output): Renderer {
  return {
    listener: (event) => out.write(`${jsonLine(event)}\n`),
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}
