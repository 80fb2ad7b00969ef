import { type Run, User } from '../acceptance/user.ts';

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
}
