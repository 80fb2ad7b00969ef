import { ExitCode, UserError } from '../errors.ts';

/** Faults that last once they have begun, and faults that happen once. */
const LASTING = ['gone', 'slow', 'nosudo', 'badkey'] as const;
const SUDDEN = ['drop', 'freeze', 'power'] as const;

/** Happens once, at some moment. */
export type SuddenFault = (typeof SUDDEN)[number];
/** What the machine itself can suffer; the model knows more faults. */
export type FaultKind = (typeof LASTING)[number] | SuddenFault;

/** Something that is to go wrong with one machine and its network. */
export interface MachineFault {
  readonly what: FaultKind;
  /** With the n-th exec of this run … */
  readonly atExec?: number;
  /** … or when so many bytes have gone over its network in this run, both ways … */
  readonly atByte?: number;
  /** … or so many seconds (of the rehearsal's time) after its start. */
  readonly atS?: number;
}

/** What is to go wrong with one rig. */
export interface Faults {
  readonly machine: readonly MachineFault[];
  /** Marks that the model knows, as `name` or `name:value`. */
  readonly model: readonly string[];
}

const FORM = /^([^:@]+):([a-z][a-z0-9-]*)(?::([^@]+))?(?:@(?:(exec|byte)([1-9]\d*)|(\d+(?:\.\d+)?)))?$/;
const EXAMPLES = 'rig2:gone  rig2:drop@exec2  rig2:freeze@byte9000  rig2:slow  rig2:nosudo  rig2:badkey  rig2:power@60';

/** What stands behind the name of a fault: nothing, or seconds, which must, or any name, or one of these names. */
export type FaultValue = 'none' | 'seconds' | 'any' | (() => readonly string[]);

/** Reads `--fault` values: rig → its faults. `rigs`: names of machines; `known`: the faults of the model. Throws UserError. */
export function parseFaults(
  texts: readonly string[],
  rigs: readonly string[],
  known: Readonly<Record<string, FaultValue>>,
): Map<string, Faults> {
  const all = new Map<string, { machine: MachineFault[]; model: string[] }>();
  for (const text of texts) {
    const [, rig = '', what = '', value, unit, count, seconds] = FORM.exec(text) ?? [];
    if (!rig)
      throw bad(text, 'is not a fault', `<machine>:<what>[@exec<N>|@byte<N>|@<seconds>], for example: ${EXAMPLES}`);
    if (!rigs.includes(rig)) throw bad(text, `there is no machine "${rig}"`, `machines of the file: ${rigs.join(' ')}`);
    const faults = all.get(rig) ?? { machine: [], model: [] };
    all.set(rig, faults);
    const wants = Object.hasOwn(known, what) ? known[what] : undefined;
    if (wants !== undefined) {
      if (unit !== undefined || seconds !== undefined)
        throw bad(text, `${what} has no moment`, `write for example: ${rig}:${what}`);
      checkValue(text, `${rig}:${what}`, wants, value);
      faults.model.push(value === undefined ? what : `${what}:${value}`);
    } else if (isKind(what)) {
      checkValue(text, `${rig}:${what}`, 'none', value);
      const moment = unit === undefined ? {} : { [unit === 'exec' ? 'atExec' : 'atByte']: Number(count) };
      faults.machine.push({ what, ...moment, ...(seconds !== undefined && { atS: Number(seconds) }) });
    } else {
      const names = [...LASTING, ...SUDDEN, ...Object.keys(known)];
      throw bad(text, `"${what}" is no known fault`, `known ones: ${names.join(' ')}`);
    }
  }
  return all;
}

/** One that nothing looks for would let everything go well. `plain`: the fault without its value. */
function checkValue(text: string, plain: string, wants: FaultValue, value: string | undefined): void {
  if (wants === 'any') return;
  const [, what] = plain.split(':');
  if (wants === 'seconds') {
    if (/^\d+(\.\d+)?$/.test(value ?? '')) return;
    throw bad(text, `${what} wants a number of seconds`, `write for example: ${plain}:60`);
  }
  if (value === undefined) return;
  if (wants === 'none') throw bad(text, `${what} has no value`, `write: ${plain}`);
  if (!wants().includes(value)) throw bad(text, `${what} knows no "${value}"`, `known ones: ${wants().join(' ')}`);
}

function isKind(text: string): text is FaultKind {
  return [...LASTING, ...SUDDEN].some((kind) => kind === text);
}

function bad(text: string, seen: string, next: string): UserError {
  return new UserError({ where: `--fault ${text}`, seen, next: [next] }, ExitCode.invalid);
}

/** As `--fault` has it, without the machine. */
export function formatFault({ what, atExec, atByte, atS }: MachineFault): string {
  if (atExec !== undefined) return `${what}@exec${atExec}`;
  if (atByte !== undefined) return `${what}@byte${atByte}`;
  return atS !== undefined ? `${what}@${atS}` : what;
}

/** The faults of one machine in one run. */
export class ArmedFaults {
  readonly #active = new Set<FaultKind>();
  readonly #waiting: Map<number, FaultKind[]> = new Map();
  readonly #timers: NodeJS.Timeout[] = [];
  #atBytes: { readonly atByte: number; readonly what: FaultKind }[] = [];
  #execs = 0;
  #bytes = 0;

  /** `happen` is called when a fault begins, other than by an exec. */
  constructor(faults: readonly MachineFault[], scale: number, happen: (what: FaultKind) => void) {
    for (const { what, atExec, atByte, atS } of faults) {
      const begin = () => {
        this.#active.add(what);
        happen(what);
      };
      if (atS !== undefined) this.#timers.push(setTimeout(begin, (atS * 1000) / scale));
      else if (atByte !== undefined) this.#atBytes.push({ atByte, what });
      else if (atExec === undefined && LASTING.some((kind) => kind === what)) begin();
      else this.#waiting.set(atExec ?? 1, [...(this.#waiting.get(atExec ?? 1) ?? []), what]);
    }
  }

  active(what: FaultKind): boolean {
    return this.#active.has(what);
  }

  /** An exec arrived: the faults that begin with it. */
  exec(): readonly FaultKind[] {
    const begun = this.#waiting.get(++this.#execs) ?? [];
    for (const what of begun) this.#active.add(what);
    return begun;
  }

  /** So many bytes want to pass: how many of them do, and the faults that begin behind them. */
  bytes(count: number): { readonly passing: number; readonly begun: readonly FaultKind[] } {
    const before = this.#bytes;
    this.#bytes += count;
    const due = this.#atBytes.filter(({ atByte }) => atByte <= this.#bytes);
    if (due.length === 0) return { passing: count, begun: [] };
    this.#atBytes = this.#atBytes.filter((each) => !due.includes(each));
    for (const { what } of due) this.#active.add(what);
    return { passing: Math.min(...due.map(({ atByte }) => atByte)) - before, begun: due.map(({ what }) => what) };
  }

  disarm(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
