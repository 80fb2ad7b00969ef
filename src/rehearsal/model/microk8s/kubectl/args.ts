/** Flags of kubectl that take a value, by every spelling. */
const VALUES: Record<string, string> = {};
for (const names of [
  '-n --namespace',
  '-o --output',
  '-l --selector',
  '--field-selector',
  '-f --filename',
  '-k --kustomize',
  '-p --patch',
  '--patch-file',
  '--type',
  '--subresource',
  '--timeout',
  '--for',
  '--request-timeout',
  '--from-literal',
  '--from-file',
  '--from-env-file',
  '--docker-server',
  '--docker-username',
  '--docker-password',
  '--dry-run',
  '--replicas',
  '--grace-period',
  '--raw',
  '--context',
  '--kubeconfig',
  '--field-manager',
  '--cascade',
  '--sort-by',
  '--chunk-size',
  '-c --container',
  '--tail',
  '--since',
  '-L --label-columns',
  '--skip-wait-for-delete-timeout',
  '--pod-selector',
  '--as',
  '-v --v',
]) {
  const all = names.split(' ');
  for (const name of all) VALUES[name] = all.at(-1)?.slice(2) ?? '';
}

/** Those without; they may be given as `--flag=false`. */
const SWITCHES: Record<string, string> = {
  '-A': 'all-namespaces',
  '-w': 'watch',
  '-R': 'recursive',
  '-i': 'stdin',
  '-t': 'tty',
};
for (const name of [
  'all-namespaces',
  'no-headers',
  'ignore-not-found',
  'overwrite',
  'wait',
  'server-side',
  'force-conflicts',
  'force',
  'all',
  'now',
  'ignore-daemonsets',
  'delete-emptydir-data',
  'disable-eviction',
  'client',
  'show-labels',
  'show-kind',
  'watch',
  'recursive',
  'prune',
  'local',
  'minify',
  'flatten',
  'stdin',
  'tty',
  'follow',
  'previous',
  'all-containers',
  'ignore-errors',
  'prefix',
  'save-config',
  'validate',
  'show-managed-fields',
  'allow-missing-template-keys',
  'list',
])
  SWITCHES[`--${name}`] = name;

export interface KubectlArgs {
  readonly verb: string;
  readonly words: readonly string[];
  /** After `--`. */
  readonly rest: readonly string[];
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

/** Throws UsageError. */
export function parseArgs(args: readonly string[]): KubectlArgs {
  const words: string[] = [];
  const flags: Record<string, string[]> = {};
  const put = (name: string, value: string) => {
    flags[name] = [...(flags[name] ?? []), value];
  };
  let i = 0;
  for (; i < args.length && args[i] !== '--'; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('-') || arg === '-') words.push(arg);
    else {
      const { name, value } = split(arg);
      if (SWITCHES[name] !== undefined) put(SWITCHES[name], value ?? 'true');
      else if (VALUES[name] === undefined) throw new UsageError(unknown(name, words[0]));
      // `--dry-run` and `--cascade` stand alone only in deprecated forms, which this version refuses.
      else if (value !== undefined) put(VALUES[name], value);
      else if (args[i + 1] === undefined) throw new UsageError(`error: flag needs an argument: ${name}`);
      else put(VALUES[name], args[++i] ?? '');
    }
  }
  const [verb = '', ...others] = words;
  return { verb, words: others, rest: args.slice(i + 1), flags };
}

function split(arg: string): { name: string; value?: string } {
  if (!arg.startsWith('--')) {
    const name = arg.slice(0, 2);
    const value = arg.slice(2).replace(/^=/, '');
    return value === '' ? { name } : { name, value };
  }
  const at = arg.indexOf('=');
  return at < 0 ? { name: arg } : { name: arg.slice(0, at), value: arg.slice(at + 1) };
}

function unknown(name: string, verb: string | undefined): string {
  const what = name.startsWith('--')
    ? `unknown flag: ${name}`
    : `unknown shorthand flag: '${name.slice(1)}' in ${name}`;
  return `error: ${what}\nSee 'kubectl ${verb === undefined ? '' : `${verb} `}--help' for usage.`;
}

/** A command line that kubectl refuses before it asks the server; the message is what it prints. */
export class UsageError extends Error {}

export const last = (args: KubectlArgs, name: string): string | undefined => args.flags[name]?.at(-1);
export const isSet = (args: KubectlArgs, name: string): boolean => last(args, name) === 'true';

/** `30s`, `5m`, `1h30m`, or plain seconds, as seconds; undefined when absent. */
export function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  const unit: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  return [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce(
    (sum, [, n, u]) => sum + Number(n) * (unit[u ?? 's'] ?? 1),
    0,
  );
}
