import { type Run, User } from '../acceptance/user.ts';

/** Somebody who runs mlk8s for real, against machines of the lab, with a home of their own. */
export class Operator extends User {
  override up(...args: string[]): Promise<Run> {
    return this.run('up', '--yes', '--json', ...args);
  }
}
