import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { agentCredential, agentKeys } from './agent.ts';
import type { InTurn } from './prompts.ts';
import type { Credential } from './ssh-auth.ts';

const MOST_TRIES = 3;

/** Where keys for a login come from. */
export interface KeySources {
  /** Files that the cluster file or ~/.ssh/config names: tried first. */
  readonly named: readonly string[];
  /** Files that are tried if they exist. */
  readonly usual: readonly string[];
  /** Socket of the agent; undefined: none. */
  readonly agent: string | undefined;
  /** Of the agent's keys only those that stand in a file too (IdentitiesOnly). */
  readonly onlyFiles: boolean;
}

interface KeyFile {
  readonly path: string;
  /** Raw public key, where it can be told without a passphrase. */
  readonly public: Buffer | undefined;
  readonly credential: Credential | undefined;
}

/** The user's keys. Shared by all hosts of a run, so that a passphrase is asked for once and a warning given once. */
export class KeyRing {
  readonly #inTurn: InTurn;
  readonly #warn: (where: string, text: string) => void;
  readonly #files = new Map<string, Promise<KeyFile | undefined>>();

  constructor(inTurn: InTurn, warn: (where: string, text: string) => void) {
    this.#inTurn = inTurn;
    this.#warn = warn;
  }

  /** What to log in with, in order: named files, the agent, usual files. A key that the agent has is left to it. */
  async credentials(sources: KeySources): Promise<Credential[]> {
    const held = sources.agent === undefined ? [] : await this.#agent(sources.agent);
    const named = await this.#load(sources.named, true);
    const usual = await this.#load(sources.usual, false);
    const byAgent = (key: ParsedKey) => agentCredential(sources.agent ?? '', key);
    const inAgent = (file: KeyFile) => held.find((key) => file.public?.equals(key.getPublicSSH()));
    const used = new Set<ParsedKey>();
    const first = named.map((file) => {
      const key = inAgent(file);
      if (key) used.add(key);
      return key ? byAgent(key) : file.credential;
    });
    const files = [...named, ...usual];
    const wanted = held.filter((key) => !sources.onlyFiles || files.some((f) => f.public?.equals(key.getPublicSSH())));
    const second = wanted.filter((key) => !used.has(key)).map(byAgent);
    const third = usual.filter((file) => !inAgent(file)).map((file) => file.credential);
    return [...first, ...second, ...third].filter((it) => it !== undefined);
  }

  async #agent(socket: string): Promise<ParsedKey[]> {
    try {
      return await agentKeys(socket);
    } catch (error) {
      this.#once(socket, `the SSH agent does not answer (${(error as Error).message}); its keys are left out`);
      return [];
    }
  }

  async #load(paths: readonly string[], wanted: boolean): Promise<KeyFile[]> {
    const files = await Promise.all(
      paths.map((path) => {
        const known = this.#files.get(path) ?? this.#read(path, wanted);
        this.#files.set(path, known);
        return known;
      }),
    );
    return files.filter((file) => file !== undefined);
  }

  async #read(path: string, wanted: boolean): Promise<KeyFile | undefined> {
    const { default: ssh2 } = await import('ssh2');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (wanted || !missing) this.#once(path, `the key cannot be read: ${(error as Error).message}`);
      return undefined;
    }
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) {
      return { path, public: parsed.getPublicSSH(), credential: keyCredential(path, async () => parsed) };
    }
    const public_ = await publicHalf(path, ssh2.utils.parseKey);
    if (/no passphrase given/.test(parsed.message)) {
      let unlocked: Promise<ParsedKey | undefined> | undefined;
      const unlock = () => (unlocked ??= this.#unlock(path, (phrase) => ssh2.utils.parseKey(text, phrase)));
      return { path, public: public_, credential: keyCredential(path, unlock) };
    }
    this.#once(
      path,
      `the key is left out: mlk8s cannot read this type or format (${parsed.message}). ` +
        'Load it into the agent with ssh-add, or rewrite it as an OpenSSH key with ssh-keygen -p',
    );
    return { path, public: public_, credential: undefined };
  }

  async #unlock(path: string, parse: (phrase: string) => ParsedKey | Error): Promise<ParsedKey | undefined> {
    return this.#inTurn(async (person) => {
      if (!person) {
        this.#once(path, 'the key is left out: it has a passphrase, and there is no terminal to ask on; use ssh-add');
        return undefined;
      }
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const phrase = await person.secret(`${tries > 0 ? 'That was not it. ' : ''}Passphrase of key ${path}: `);
        if (!phrase) break;
        const key = parse(phrase);
        if (!(key instanceof Error)) return key;
      }
      this.#once(path, 'the key is left out: it was not unlocked');
      return undefined;
    });
  }

  readonly #warned = new Set<string>();

  #once(where: string, text: string): void {
    if (this.#warned.has(where + text)) return;
    this.#warned.add(where + text);
    this.#warn(where, text);
  }
}

function keyCredential(path: string, key: () => Promise<ParsedKey | undefined>): Credential {
  return {
    label: `key ${path}`,
    method: async (username) => {
      const parsed = await key();
      return parsed && { type: 'publickey', username, key: parsed };
    },
  };
}

async function publicHalf(path: string, parse: (text: string) => ParsedKey | Error): Promise<Buffer | undefined> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => '');
  const parsed = parse(text);
  return parsed instanceof Error ? undefined : parsed.getPublicSSH();
}
