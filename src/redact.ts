/** What stands in place of a secret. */
export const MASK = '***';

/** Shorter strings are too common in plain words to be masked everywhere; nothing of ours makes such a secret. */
const SHORTEST = 4;
/** A line of a key or of a certificate is secret on its own; a line as short as `}` is not. */
const SHORTEST_LINE = 16;
/** Fields that say what an event is. A password such as "change" must not make it unreadable. */
const NEVER_MASKED = new Set(['v', 'event', 'verdict']);

/** Knows the secrets of this run and takes them out of everything that is shown or kept. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  /** From now on `secret` is masked: as it is, line by line, and as base64, the way Kubernetes shows it. */
  add(secret: string): void {
    const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((l) => l.length >= SHORTEST_LINE) : [];
    for (const form of [secret, secret.trim(), ...lines]) {
      if (form.length < SHORTEST) continue;
      this.#secrets.add(form);
      this.#secrets.add(Buffer.from(form).toString('base64'));
    }
    // Longest first: a secret that starts with another one is masked whole.
    const forms = [...this.#secrets].sort((a, b) => b.length - a.length);
    if (forms.length > 0) this.#pattern = new RegExp(forms.map(escapeRegExp).join('|'), 'g');
  }

  /** `text` without secrets. */
  text(text: string): string {
    return this.#pattern ? text.replaceAll(this.#pattern, MASK) : text;
  }

  /** A copy of `value` with the secrets taken out of every string in it. */
  value<T>(value: T): T {
    return this.#pattern ? (this.#walk(value) as T) : value;
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) =>
        NEVER_MASKED.has(key) ? [key, item] : [this.text(key), this.#walk(item)],
      ),
    );
  }
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** The secrets of this process. Whoever learns of one adds it before it can be printed. */
export const secrets: Redactor = new Redactor();
