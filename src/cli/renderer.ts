import type { Renderer } from '../render/renderer.ts';
import { type Output, styleFor } from '../render/style.ts';
import type { Io } from './context.ts';

/** The renderer for who reads standard output: a program, a person at a screen, or a pipe. */
export async function chooseRenderer(io: Io, json: boolean): Promise<Renderer> {
  if (json) return (await import('../render/json.ts')).jsonRenderer(io.stdout);
  const style = styleFor(io.stdout, io.env);
  if (canMoveCursor(io.stdout, io.env)) {
    return (await import('../render/terminal.ts')).terminalRenderer(io.stdout, style);
  }
  return (await import('../render/lines.ts')).linesRenderer(io.stdout, style);
}

function canMoveCursor(out: Output, env: NodeJS.ProcessEnv): boolean {
  return out.isTTY === true && env.TERM !== 'dumb';
}
