/** Words of a command line, sorted: what argparse and click make of them in the snap's Python scripts. */
export interface Options {
  /** Flags by their long name; `true` for those without a value. */
  readonly flags: Readonly<Record<string, string | true>>;
  readonly words: readonly string[];
  /** A flag that the command does not know, or one whose value is missing. */
  readonly unknown?: string;
}

/** `spec` maps every spelling to its long name; a trailing `=` says that it takes a value. */
export function parseOptions(args: readonly string[], spec: Readonly<Record<string, string>>): Options {
  const flags: Record<string, string | true> = {};
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const [name = '', ...rest] = arg.split('=');
    const known = spec[name];
    if (known === undefined) return { flags, words, unknown: name };
    if (!known.endsWith('=')) flags[known] = true;
    else if (rest.length > 0) flags[known.slice(0, -1)] = rest.join('=');
    else {
      const value = args[++i];
      if (value === undefined) return { flags, words, unknown: name };
      flags[known.slice(0, -1)] = value;
    }
  }
  return { flags, words };
}
