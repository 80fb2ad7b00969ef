import type { Problem } from '../errors.ts';
import { type Entry, remedies } from './catalogue.ts';
import type { Evidence } from './evidence.ts';

/** Objects of a finding that are named. */
const NAMED = 3;
/** Signs of what was seen that are shown. */
const LONGEST = 300;

/** Something that is wrong: a known failure, or trouble that nobody wrote down yet. */
export interface Finding {
  /** Of the entry in the catalogue; `not-known`: there is none. */
  readonly entry: string;
  readonly component: string;
  /** How many objects it was seen at, or how many lines of journals say so. */
  readonly count: number;
  /** All that it was seen at, each once. */
  readonly objects: readonly string[];
  readonly machines: readonly string[];
  readonly problem: Problem;
}

/** What `doctor` makes of all that it was told. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** What explains something that is as it should be, a sentence each. */
  readonly harmless: readonly string[];
}

interface Match {
  readonly entry: Entry;
  readonly evidence: Evidence;
}

/** What is known of all that was seen, and what is not. Findings in the order of the catalogue, the unknown last. */
export function diagnose(evidence: readonly Evidence[], entries: readonly Entry[]): Diagnosis {
  const matches = evidence.flatMap((it): Match[] => {
    const entry = entryFor(it, entries);
    return entry ? [{ entry, evidence: it }] : [];
  });
  const telling = new Set(matches.filter((it) => !it.entry.general).map((it) => keyOf(it.evidence)));
  const kept = matches.filter((it) => !it.entry.general || !telling.has(keyOf(it.evidence)));
  const byEntry = entries.flatMap((entry) => {
    const own = kept.filter((it) => it.entry === entry).map((it) => it.evidence);
    const enough = entry.least === undefined ? own : own.filter((it) => countAt(own, it) >= (entry.least ?? 1));
    return enough.length === 0 ? [] : [{ entry, evidence: enough }];
  });
  const explained = new Set(byEntry.flatMap((it) => it.evidence.map(keyOf)));
  const open = evidence.filter((it) => it.open && !explained.has(keyOf(it)));
  return {
    findings: [
      ...byEntry.filter((it) => !it.entry.harmless).map((it) => known(it.entry, it.evidence)),
      ...alike(open).map(unknown),
    ],
    harmless: byEntry
      .filter((it) => it.entry.harmless)
      .map(({ entry, evidence }) => `${titleOf(evidence)}: ${entry.why}.`),
  };
}

/** The entry that explains a text, among those that look at such texts. */
export function entryFor({ looks, object, text }: Evidence, entries: readonly Entry[]): Entry | undefined {
  return entries.find((it) => it.looks.includes(looks) && (it.object?.test(object) ?? true) && it.pattern.test(text));
}

/** Two units, or two disks, of the same name are on two machines. */
const keyOf = (it: Evidence): string => `${it.machine ?? ''} ${it.object}`;
const countAt = (all: readonly Evidence[], one: Evidence) => all.filter((it) => keyOf(it) === keyOf(one)).length;

function known(entry: Entry, evidence: readonly Evidence[]): Finding {
  const { id, component, why, next } = entry;
  return finding(id, component, eachOnce(evidence), { why, next });
}

/** The API says the same of an object in several ways; lines of a journal each stand for themselves. */
function eachOnce(evidence: readonly Evidence[]): readonly Evidence[] {
  const isLine = (it: Evidence) => it.looks === 'journal' || it.looks === 'kernel';
  const firsts = new Map<string, Evidence>();
  for (const it of evidence) if (!isLine(it) && !firsts.has(keyOf(it))) firsts.set(keyOf(it), it);
  return evidence.filter((it) => isLine(it) || firsts.get(keyOf(it)) === it);
}

/** The same trouble of many objects, which may name them by their numbers, is one finding. */
function alike(open: readonly Evidence[]): (readonly Evidence[])[] {
  const groups = new Map<string, readonly Evidence[]>();
  for (const it of open) {
    const words = it.text.replaceAll(/\S*\d\S*/g, '#');
    const key = JSON.stringify([it.looks, it.namespace, words]);
    groups.set(key, [...(groups.get(key) ?? []), it]);
  }
  return [...groups.values()];
}

const LOOK_AT: Partial<Record<Evidence['looks'], readonly string[]>> = {
  pod: [
    'microk8s kubectl -n {namespace} describe pod {name}',
    'microk8s kubectl -n {namespace} logs {name} --all-containers --tail=50',
  ],
  claim: ['microk8s kubectl -n {namespace} describe pvc {name}'],
  node: ['microk8s kubectl describe node {name}'],
  unit: ['on {machine}: sudo journalctl -u {name} -n 50', 'not needed any more: sudo systemctl reset-failed {name}'],
};

function unknown(evidence: readonly Evidence[]): Finding {
  const [first] = evidence;
  const next = LOOK_AT[first?.looks ?? 'pod'] ?? ['mlk8s status'];
  return finding('not-known', first?.namespace || (first?.machine ?? 'cluster'), eachOnce(evidence), {
    why: 'not known to mlk8s: no entry of its catalogue speaks of it',
    next,
  });
}

function finding(
  entry: string,
  component: string,
  evidence: readonly Evidence[],
  { why, next }: { readonly why: string; readonly next: readonly string[] },
): Finding {
  const [first] = evidence;
  const texts = new Set(evidence.map((it) => it.text));
  const seen = first ? shortened(first.text) : '';
  const more = texts.size > 1 ? ` (and ${texts.size - 1} like it)` : '';
  return {
    entry,
    component,
    count: evidence.length,
    objects: [...new Set(evidence.map(named))],
    machines: [...new Set(evidence.flatMap((it) => it.machine ?? []))],
    problem: {
      where: `${component}: ${titleOf(evidence)}`,
      seen: `${seen}${more}`,
      why,
      next: remedies(next, first),
    },
  };
}

/** An object, and where it is when its name does not say so. */
function named({ object, machine }: Evidence): string {
  return machine === undefined || object.includes(machine) ? object : `${object} on ${machine}`;
}

function titleOf(evidence: readonly Evidence[]): string {
  const objects = [...new Set(evidence.map(named))];
  const rest = objects.length - NAMED;
  return `${objects.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
