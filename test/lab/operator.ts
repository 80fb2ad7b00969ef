import { spawn } from 'node:child_process';
import { quote } from '../../src/shell/script.ts';
import { type Run, User } from '../acceptance/user.ts';

const BIN = new URL('../../bin/mlk8s.js', import.meta.url).pathname;

/** Somebody who runs mlk8s for real, against machines of the lab, with a home of their own. */
export class Operator extends User {
  override up(...args: string[]): Promise<Run> {
    return this.run('up', '--yes', '--json', ...args);
  }

  /** Runs a command on and on: `sees` resolves when it has printed that, and throws when it ends without. */
  watch(...args: string[]): { end: Promise<Run>; sees(text: string): Promise<void> } {
    const { child, end } = this.start(...args);
    let said = '';
    const waiting = new Set<() => void>();
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      for (const look of waiting) look();
    });
    const sees = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (said.includes(text)) resolve();
        };
        waiting.add(look);
        look();
        void end.then(({ stderr }) => reject(new Error(`it ended without "${text}":\n${said}${stderr}`)));
      });
    return { end, sees };
  }
  /** Runs a command on a terminal, and types each answer when its question is there. Gives all that was shown. */
  onTerminal(
    answers: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<{ code: number | null; shown: string }> {
    const command = [process.execPath, BIN, ...args].map(quote).join(' ');
    const env = {
      PATH: process.env.PATH,
      HOME: this.home,
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      TERM: 'xterm',
      ...this.env,
    };
    const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: this.folder, env });
    const open = Object.entries(answers);
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [question = '', answer] = open[0] ?? [];
      if (answer === undefined || !shown.includes(question)) return;
      open.shift();
      child.stdin.write(`${answer}\n`);
    });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, shown })));
  }
}
