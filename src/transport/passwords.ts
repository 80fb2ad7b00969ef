import type { InTurn } from './prompts.ts';
import type { SudoPasswords } from './sudo.ts';

const MOST_TRIES = 3;

/**
 * One sudo password for all hosts, asked for when the first host wants it. When a host refuses it and no other has
 * taken it, it was mistyped: it is asked for anew, for all. When another has taken it, this host has one of its own.
 */
export class SharedPasswords implements SudoPasswords {
  readonly #inTurn: InTurn;
  #shared: string | undefined;
  #sharedTaken = false;
  readonly #own = new Map<string, string>();
  readonly #tries = new Map<string, number>();
  #declined = false;

  constructor(inTurn: InTurn, fromStart?: string) {
    this.#inTurn = inTurn;
    this.#shared = fromStart;
  }

  known(host: string): string | undefined {
    return this.#own.get(host) ?? this.#shared;
  }

  accepted(host: string, password: string): void {
    if (!this.#own.has(host) && password === this.#shared) this.#sharedTaken = true;
  }

  ask(host: string, refused: string | undefined): Promise<string | undefined> {
    return this.#inTurn(async (person) => {
      const known = this.known(host);
      if (known !== undefined && known !== refused) return known;
      const tries = (this.#tries.get(host) ?? 0) + 1;
      this.#tries.set(host, tries);
      if (!person || this.#declined || tries > MOST_TRIES) return undefined;
      const again = refused === undefined ? '' : 'That was not accepted. ';
      const whose = this.#sharedTaken ? `sudo password for ${host}` : 'sudo password (for all hosts)';
      const answer = await person.secret(`${again}${whose}: `);
      // It is the first line of standard input: it cannot hold a line break.
      if (answer === undefined || answer === '' || /[\r\n\0]/.test(answer)) {
        this.#declined = true;
        return undefined;
      }
      if (this.#sharedTaken) this.#own.set(host, answer);
      else this.#shared = answer;
      return answer;
    });
  }
}
