/** An error that helm prints after `Error: `; it exits 1. */
export class HelmError extends Error {}

/** Flags that take a value, by every spelling; the last spelling of a line is the name. */
const VALUES = [
  '-n --namespace',
  '--version',
  '--repo',
  '-f --values',
  '-l --labels',
  '--timeout',
  '--history-max',
  '-m --max',
  '-d --destination',
  '-o --output',
  '--description',
  '--set',
];
const SWITCHES = [
  '-i --install',
  '--create-namespace',
  '--reset-values',
  '--reuse-values',
  '--wait',
  '--atomic',
  '-A --all-namespaces',
  '-a --all',
  '-q --short',
  '--ignore-not-found',
  '--no-hooks',
  '--skip-crds',
  '--take-ownership',
  '--force',
  '--cleanup-on-fail',
  '--keep-history',
  '--client',
];

export interface HelmArgs {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

/** Helm 3's words and flags. Throws HelmError. */
export function parseHelm(args: readonly string[]): HelmArgs {
  const words: string[] = [];
  const flags: Record<string, string[]> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const cut = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const spelling = cut < 0 ? arg : arg.slice(0, cut);
    const isSwitch = nameOf(SWITCHES, spelling);
    const name = isSwitch ?? nameOf(VALUES, spelling);
    if (name === undefined) {
      const unknown = spelling.startsWith('--')
        ? `flag: ${spelling}`
        : `shorthand flag: '${spelling.slice(1)}' in ${spelling}`;
      throw new HelmError(`unknown ${unknown}`);
    }
    const value = cut >= 0 ? arg.slice(cut + 1) : isSwitch ? 'true' : args[++i];
    if (value === undefined) throw new HelmError(`flag needs an argument: ${spelling}`);
    flags[name] = [...(flags[name] ?? []), value];
  }
  return { words, flags };
}

function nameOf(lines: readonly string[], spelling: string): string | undefined {
  return lines
    .find((line) => line.split(' ').includes(spelling))
    ?.split(' ')
    .at(-1)
    ?.slice(2);
}

export const last = (args: HelmArgs, name: string): string | undefined => args.flags[name]?.at(-1);
export const isSet = (args: HelmArgs, name: string): boolean => last(args, name) === 'true';
