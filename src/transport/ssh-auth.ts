import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, NextAuthHandler } from 'ssh2';

/** One thing to log in with. */
export interface Credential {
  /** For people: "key ~/.ssh/id_ed25519", "agent key laptop", "password". Never the secret. */
  readonly label: string;
  /** What ssh2 is to try; may ask the person. undefined: not to be had after all. */
  method(user: string): Promise<AnyAuthMethod | undefined>;
}

/** A private key by its text (OpenSSH or PEM). */
export function privateKey(text: string, label = 'key', passphrase?: string): Credential {
  const key = { type: 'publickey' as const, key: text, ...(passphrase !== undefined && { passphrase }) };
  return { label, method: async (username) => ({ ...key, username }) };
}

/** A password, by both of the ways in which servers ask for one. */
export function passwordCredentials(password: string): Credential[] {
  return [
    { label: 'password', method: async (username) => ({ type: 'password', username, password }) },
    {
      label: 'password (keyboard-interactive)',
      method: async (username) => ({
        type: 'keyboard-interactive',
        username,
        // One hidden question is the password; anything else (a one-time code) is not ours to answer.
        prompt: (_name, _instructions, _lang, prompts, finish) =>
          finish(prompts.map((p) => (prompts.length === 1 && p.echo !== true ? password : ''))),
      }),
    },
  ];
}

/**
 * Hands one credential after the other to ssh2. It lives longer than a connection: a server that has seen too many
 * wrong keys hangs up, and the next connection goes on with the keys that were not tried yet.
 */
export class AuthQueue {
  readonly tried: string[] = [];
  /** Ways in that the server still offers; what it said last. */
  offered: readonly AuthenticationType[] = [];
  readonly #user: string;
  readonly #left: Credential[];

  constructor(user: string, credentials: readonly Credential[]) {
    this.#user = user;
    this.#left = [...credentials];
  }

  get exhausted(): boolean {
    return this.#left.length === 0;
  }

  /** For ssh2's `authHandler`; `held` stops the clock while a person is asked for a passphrase. */
  handler(
    held: (work: Promise<AnyAuthMethod | undefined>) => Promise<AnyAuthMethod | undefined>,
  ): AuthHandlerMiddleware {
    let asked = false;
    const next = async (offered: readonly AuthenticationType[] | null, done: NextAuthHandler): Promise<void> => {
      if (offered) this.offered = offered;
      for (let it = this.#left.shift(); it; it = this.#left.shift()) {
        const method = await held(it.method(this.#user)).catch(() => undefined);
        if (!method || (offered && !offered.includes(method.type === 'agent' ? 'publickey' : method.type))) continue;
        asked = true;
        this.tried.push(it.label);
        return done(method);
      }
      // Without anything to try, "none" at least makes the server say what it would take.
      const none = !asked && !offered;
      asked = true;
      done(none ? { type: 'none', username: this.#user } : (false as unknown as AuthenticationType));
    };
    return (offered, _partial, done) => {
      next(offered, done).catch(() => {});
    };
  }
}
