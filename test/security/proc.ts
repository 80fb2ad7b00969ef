import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Reads `/proc` again and again, every few milliseconds, while something runs: what processes of this computer, those
 * in containers and namespaces too, are called with and have in their environment. One that lives shorter than a round
 * may be missed.
 */
export class ProcWatch {
  /** Every command line that was seen, its words parted by blanks. */
  readonly argv = new Set<string>();
  /** Command lines of processes that had the secret in their environment. */
  readonly environments = new Set<string>();
  rounds = 0;
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Watches until `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = work.finally(() => {
      over = true;
    });
    while (!over) {
      this.#round();
      await wait(2);
    }
    return end;
  }

  #round(): void {
    this.rounds++;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const words = commandOf(pid);
      if (words !== '') this.argv.add(words);
      const isHolder = read(`/proc/${pid}/environ`).includes(this.#secret);
      // In between a process may have begun another program, with the environment of that.
      if (isHolder && commandOf(pid) === words) this.environments.add(words);
    }
  }
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
