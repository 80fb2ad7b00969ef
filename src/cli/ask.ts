import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { ExitCode, UserError } from '../errors.ts';
import type { Io } from './context.ts';

/** Asks the person at the terminal. Questions go to standard error: standard output may be read by a program. */
export interface Asker {
  /** Whether somebody is there to answer. */
  readonly canAsk: boolean;
  line(question: string, fallback?: string): Promise<string>;
  /** Without showing what is typed. */
  secret(question: string): Promise<string>;
  /** No unless the answer says yes. */
  yes(question: string): Promise<boolean>;
}

/** Asks on the terminal. Questions go to standard error: standard output is for results. */
export function createAsker(io: Io): Asker {
  const line = (question: string, fallback = ''): Promise<string> => {
    io.stderr.write(fallback === '' ? `${question} ` : `${question} [${fallback}] `);
    return answer(io, io.stderr as NodeJS.WriteStream).then((text) => text || fallback);
  };
  return {
    canAsk: io.stdin.isTTY === true && io.stderr.isTTY === true,
    line,
    secret: async (question) => {
      // The terminal must have stopped to show what is typed before anybody knows that they may type.
      const typed = answer(io, new Writable({ write: (_chunk, _encoding, done) => done() }));
      io.stderr.write(`${question} `);
      const text = await typed;
      io.stderr.write('\n');
      return text;
    },
    yes: async (question) => /^y(es)?$/i.test((await line(`${question} [y/N]`)).trim()),
  };
}

/** One line of standard input, echoed to `echo`. Ctrl-C and the end of the input end the command. */
function answer(io: Io, echo: NodeJS.WritableStream): Promise<string> {
  const reader: Interface = createInterface({ input: io.stdin, output: echo, terminal: true, historySize: 0 });
  return new Promise<string>((resolve, reject) => {
    reader.once('line', (text) => {
      resolve(text);
      reader.close();
    });
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => {
      const problem = { where: 'question', seen: 'no answer was given', next: ['run the command again'] };
      reject(new UserError(problem, ExitCode.interrupted));
    });
  });
}
