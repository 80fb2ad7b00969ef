import type net from 'node:net';
import { ExitCode, UserError } from '../errors.ts';
import { type Answer, type ExecInput, type ExecOutput, onLines, type Request } from './messages.ts';
import type { Started } from './rig.ts';

/** Who answers on the control socket. */
export interface ControlHandlers {
  request(request: Exclude<Request, { op: 'exec' }>): Promise<unknown>;
  exec(rig: string, argv: readonly string[]): Promise<Started>;
}

/** Answers what comes over one connection to the control socket. */
export function serveControl(socket: net.Socket, handlers: ControlHandlers): void {
  const tell = (message: Answer | ExecOutput) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  const refuse = (error: unknown) => tell(asAnswer(error));
  socket.on('error', () => socket.destroy());
  let input: ((line: string) => void) | undefined;
  onLines(socket, (line) => {
    if (input) return input(line);
    const request = JSON.parse(line) as Request;
    if (request.op !== 'exec') {
      handlers.request(request).then((ok) => tell({ ok: ok ?? null }), refuse);
      return;
    }
    const early: string[] = [];
    input = (next) => early.push(next);
    handlers.exec(request.rig, request.argv).then((started) => {
      input = (next) => feed(started, JSON.parse(next) as ExecInput);
      for (const next of early) input(next);
      pour(started, socket, tell);
    }, refuse);
  });
}

function asAnswer(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UserError) return { problems: error.problems, message, exitCode: error.exitCode };
  return { problems: [], message, exitCode: ExitCode.failed };
}

function feed(started: Started, input: ExecInput): void {
  if ('eof' in input) started.stdin.end();
  else started.stdin.write(Buffer.from(input.in, 'base64'));
}

function pour(started: Started, socket: net.Socket, tell: (message: ExecOutput) => void): void {
  const { stdin, stdout, stderr, exited } = started;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => stream.destroy());
  const ended = [stdout, stderr].map((stream, i) => {
    stream.on('data', (chunk: Buffer) => {
      const bytes = chunk.toString('base64');
      tell(i === 0 ? { out: bytes } : { err: bytes });
    });
    stream.end();
    stream.resume();
    return new Promise((resolve) => stream.once('close', resolve));
  });
  socket.on('close', () => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  });
  void Promise.all([exited, ...ended]).then(([{ code, signal }]) => {
    tell({ exit: signal > 0 ? 128 + signal : code });
    socket.end();
    stdin.destroy();
  });
}
