import type { Command, CommandContext } from '../command.ts';

/** Options of a command: `-q|--quiet`, the last name is the one they are asked for by. */
export interface OptionSpec {
  flags?: readonly string[];
  /** Options that take a value. */
  values?: readonly string[];
  /** Options whose value is given only by `--name=value` or `-ovalue`, if at all. */
  optional?: readonly string[];
  /** The first operand ends the options (`systemd-run`, `sudo`). */
  stopsAtOperand?: boolean;
}

/** Words of a command line, taken apart. */
export interface Options {
  has(name: string): boolean;
  /** The last value given. */
  value(name: string): string | undefined;
  all(name: string): readonly string[];
  readonly operands: readonly string[];
  /** The first option that the command does not know or that lacks its value. */
  readonly problem: { option: string; missingValue: boolean } | undefined;
}

/** Splits words as getopt_long does: bundled short flags, `--name=value`, `-ovalue`, `--`. */
export function parseOptions(args: readonly string[], spec: OptionSpec): Options {
  const reader = new OptionReader(spec);
  reader.read(args);
  return {
    has: (name) => reader.found.has(name),
    value: (name) => reader.found.get(name)?.at(-1),
    all: (name) => reader.found.get(name) ?? [],
    operands: reader.operands,
    problem: reader.problem,
  };
}

interface Known {
  name: string;
  value: 'none' | 'needed' | 'optional';
}

class OptionReader {
  readonly found = new Map<string, string[]>();
  readonly operands: string[] = [];
  problem: Options['problem'];
  readonly #names = new Map<string, Known>();
  readonly #stops: boolean;

  constructor(spec: OptionSpec) {
    this.#stops = spec.stopsAtOperand ?? false;
    for (const flag of spec.flags ?? []) this.#learn(flag, 'none');
    for (const option of spec.values ?? []) this.#learn(option, 'needed');
    for (const option of spec.optional ?? []) this.#learn(option, 'optional');
  }

  #learn(aliases: string, value: Known['value']): void {
    const words = aliases.split('|');
    for (const word of words) this.#names.set(word, { name: words.at(-1) ?? word, value });
  }

  #add(name: string, value: string): void {
    this.found.set(name, [...(this.found.get(name) ?? []), value]);
  }

  read(args: readonly string[]): void {
    const rest = [...args];
    for (let word = rest.shift(); word !== undefined && !this.problem; word = rest.shift()) {
      if (word === '--') {
        this.operands.push(...rest);
        return;
      }
      if (word.startsWith('--')) this.#long(word, rest);
      else if (word.startsWith('-') && word !== '-') this.#short(word, rest);
      else {
        this.operands.push(word);
        if (this.#stops) {
          this.operands.push(...rest);
          return;
        }
      }
    }
  }

  #long(word: string, rest: string[]): void {
    const at = word.indexOf('=');
    const option = at < 0 ? word : word.slice(0, at);
    const known = this.#names.get(option);
    if (!known || (at >= 0 && known.value === 'none')) this.problem = { option, missingValue: false };
    else this.#take(known, option, at < 0 ? undefined : word.slice(at + 1), rest);
  }

  #short(word: string, rest: string[]): void {
    if (this.#names.has(word)) {
      this.#long(word, rest);
      return;
    }
    for (let i = 1; i < word.length && !this.problem; i++) {
      const option = `-${word[i]}`;
      const known = this.#names.get(option);
      if (!known) this.problem = { option, missingValue: false };
      else {
        this.#take(known, option, known.value === 'none' ? undefined : word.slice(i + 1) || undefined, rest);
        if (known.value !== 'none') return;
      }
    }
  }

  #take(known: Known, option: string, given: string | undefined, rest: string[]): void {
    const value = known.value === 'needed' ? (given ?? rest.shift()) : (given ?? '');
    if (value === undefined) this.problem = { option, missingValue: true };
    else this.#add(known.name, value);
  }
}

/** What getopt_long says of a wrong option. */
export function getoptError(command: string, problem: NonNullable<Options['problem']>): string {
  const { option, missingValue } = problem;
  const isLong = option.startsWith('--');
  if (missingValue && isLong) return `${command}: option '${option}' requires an argument\n`;
  if (missingValue) return `${command}: option requires an argument -- '${option.slice(1)}'\n`;
  return isLong
    ? `${command}: unrecognized option '${option}'\n`
    : `${command}: invalid option -- '${option.slice(1)}'\n`;
}

/** A command whose options go through getopt_long: a wrong one ends it with `status` (1 unless told). */
export function withOptions(
  spec: OptionSpec,
  body: (context: CommandContext, options: Options) => Promise<number> | number,
  status = 1,
): Command {
  return (context) => {
    const options = parseOptions(context.args, spec);
    if (!options.problem) return body(context, options);
    context.err(getoptError(context.name, options.problem));
    return status;
  };
}

/** Prints on standard error, ends with `status`. */
export function fail(context: CommandContext, text: string, status = 1): number {
  context.err(text.endsWith('\n') ? text : `${text}\n`);
  return status;
}

/** Rows as a table, each column as wide as its widest cell plus `gap` blanks; the last one is not padded. */
export function table(rows: readonly (readonly string[])[], gap = 2): string {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(width(i) + gap))).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
}
