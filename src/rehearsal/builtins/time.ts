import { constants } from 'node:os';
import { exitCode, type HostContext } from '../context.ts';

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
/** Time that these words stand for is given by the model's date in front of them. */
const NOW_WORDS = /\b(now|today)\b/gi;
const HAS_DATE = /@|\d{4}-\d|\d\/\d|\d{8}|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

/** Seconds of a GNU duration such as `1.5m`; undefined when it is none. */
function seconds(text: string): number | undefined {
  if (/^inf(inity)?$/.test(text)) return Number.POSITIVE_INFINITY;
  const [, number, unit = ''] = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS[unit] ?? 1);
}

/** coreutils sleep, in model time. */
export async function sleep(context: HostContext): Promise<number> {
  if (context.args.length === 0) return usage(context, 'missing operand', 1);
  let sum = 0;
  for (const arg of context.args) {
    const value = seconds(arg);
    if (value === undefined) return usage(context, `invalid time interval ‘${arg}’`, 1);
    sum += value;
  }
  await context.sleep(sum);
  return 0;
}

interface TimeoutOptions {
  signal: string;
  killAfter?: number;
  preserve: boolean;
  verbose: boolean;
}

/** coreutils timeout, in model time plus a real grace. */
export async function timeout(context: HostContext): Promise<number> {
  const words = [...context.args];
  const options: TimeoutOptions = { signal: 'TERM', preserve: false, verbose: false };
  for (let word = words[0]; word?.startsWith('-') && word !== '-'; word = words[0]) {
    words.shift();
    if (word === '--') break;
    const complaint = timeoutOption(word, words, options);
    if (complaint) return usage(context, complaint, 125);
  }
  const [duration, ...argv] = words;
  if (duration === undefined || argv.length === 0) return usage(context, 'missing operand', 125);
  const limit = seconds(duration);
  if (limit === undefined) return usage(context, `invalid time interval ‘${duration}’`, 125);
  return runLimited(context, argv, limit, options);
}

async function runLimited(
  context: HostContext,
  argv: string[],
  limit: number,
  options: TimeoutOptions,
): Promise<number> {
  const complaint = `timeout: failed to run command ‘${argv[0]}’: No such file or directory`;
  const { ended, late, killed } = await context.limited(
    { argv, complaint, code: 127 },
    Number.isFinite(limit) ? limit : 0,
    options.signal,
    options.killAfter,
  );
  if (late && options.verbose) context.err(`timeout: sending signal ${options.signal} to command ‘${argv[0]}’\n`);
  if (killed) return 137;
  return late && !options.preserve ? 124 : exitCode(ended);
}

/** Takes one option, returns what is wrong with it. */
function timeoutOption(word: string, words: string[], options: TimeoutOptions): string | undefined {
  const [, key = '', inline] = /^(--[a-z-]+)=(.*)$/.exec(word) ?? /^(-[ks])(.+)$/.exec(word) ?? [];
  const name = key || word;
  const value = () => inline ?? words.shift() ?? '';
  if (name === '--foreground' || name === '-f') return undefined;
  if (name === '--preserve-status' || name === '-p') options.preserve = true;
  else if (name === '--verbose' || name === '-v') options.verbose = true;
  else if (name === '-s' || name === '--signal') {
    options.signal = signalName(value());
    if (!(`SIG${options.signal}` in constants.signals)) return `${options.signal}: invalid signal`;
  } else if (name === '-k' || name === '--kill-after') {
    const after = value();
    const parsed = seconds(after);
    if (parsed === undefined) return `invalid time interval ‘${after}’`;
    options.killAfter = parsed;
  } else return `unrecognized option '${name}'`;
  return undefined;
}

function signalName(text: string): string {
  const known = Object.entries(constants.signals).find(([, number]) => String(number) === text);
  return (known?.[0] ?? text.toUpperCase()).replace(/^SIG/, '');
}

/** GNU date, which is told what time it is. */
export function date(context: HostContext): number {
  const ms = context.now() + context.rig.hardware.clockSkewS * 1000;
  const moment = `@${(ms / 1000).toFixed(6)}`;
  const args = [...context.args];
  const at = args.findIndex((arg) => /^(-d|--date)/.test(arg));
  const other = args.some((arg) => /^(-[a-zA-Z]*[rsf]|--(reference|set|file))/.test(arg) && !/^-I/.test(arg));
  if (at < 0 && !other) args.unshift('-d', moment);
  if (at >= 0) {
    const [, inline] = /^(?:-d|--date=)(.+)$/s.exec(args[at] ?? '') ?? [];
    const text = inline ?? args[at + 1] ?? '';
    const relative = HAS_DATE.test(text)
      ? text
      : `${new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC')} ${text.replace(NOW_WORDS, '')}`;
    args.splice(at, inline === undefined ? 2 : 1, '-d', relative);
  }
  context.become({ argv: ['/usr/bin/date', ...args] });
  return 0;
}

function usage(context: HostContext, complaint: string, code: number): number {
  context.err(`${context.name}: ${complaint}\nTry '${context.name} --help' for more information.\n`);
  return code;
}
