import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldState } from './model/state.ts';
import type { Layout } from './paths.ts';

/** What a dump is made of: the model, and the disks of its machines. */
export interface DumpSource {
  readonly world: { readonly state: WorldState };
  readonly layout: Layout;
}

/** Folders of a machine whose files are part of its state. */
const FOLDERS = ['etc', 'home', 'root', 'var/lib/mlk8s', 'usr/local/bin'];
/** Of every run its own: output and ids of jobs, locks, what was read when. */
const PASSING = /^(etc\/alternatives|var\/lib\/mlk8s\/jobs|var\/lib\/mlk8s\/.*lock(\.holder)?|.*\/\.cache)(\/|$)/;
const BIGGEST_TEXT = 256 * 1024;

/** Facts about a run, not about the state it left behind. */
const PASSING_KEYS = new Set([
  'anchorModel',
  'anchorReal',
  'counter',
  'scale',
  'counts',
  'since',
  'faults',
  'snapChanges',
  'resourceVersion',
  'generation',
  'managedFields',
]);
const TIME_KEYS = /(At|Time|Timestamp|^until|^expires|^seen|^ttl)$/;
const RANDOM_KEYS = /^(pid|bootId)$/;
const SECRET_KEYS = new Set(['data', 'stringData', 'password']);

/**
 * The whole state of a rehearsal in a form that is equal for two runs that ended alike: sorted, without times, process
 * ids and whatever is random.
 */
export function dump(source: DumpSource): unknown {
  const { state } = source.world;
  const ids = new Ids();
  const world = normalise({ ...state, clusters: livingClusters(state, ids) }, ids);
  const machines = Object.keys(state.rigs)
    .sort()
    .map((name) => [name, ids.at(name, () => filesOf(source.layout.rig(name), ids))]);
  return { world, files: Object.fromEntries(machines) };
}

/** Clusters by their members, because their keys are random; what a machine left behind when it joined is nobody's. */
function livingClusters(state: WorldState, ids: Ids): Record<string, unknown> {
  const members = Object.values(state.rigs).filter((rig) => rig.microk8s);
  const living = Object.entries(state.clusters).flatMap(([key, cluster]) => {
    const own = members.filter((rig) => rig.microk8s?.cluster === key).map((rig) => rig.name);
    if (own.length === 0) return [];
    const name = `cluster of ${own.sort().join(' ')}`;
    ids.call(key, name);
    ids.call(cluster.uid, name);
    return [[name, cluster] as const];
  });
  return Object.fromEntries(living);
}

function normalise(value: unknown, ids: Ids, kind = ''): unknown {
  if (typeof value === 'string') return text(value, ids);
  if (Array.isArray(value)) return value.map((each) => normalise(each, ids));
  if (typeof value !== 'object' || value === null) return value;
  const own = 'kind' in value && typeof value.kind === 'string' ? value.kind : '';
  const entries = Object.entries(value)
    .filter(([key]) => !PASSING_KEYS.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => {
      const name = text(key, ids);
      return [name, ids.at(name, () => field(key, each, ids, own || kind))] as const;
    });
  return Object.fromEntries(entries);
}

function field(key: string, value: unknown, ids: Ids, kind: string): unknown {
  if (value === null || value === undefined) return value;
  if (TIME_KEYS.test(key)) return '<time>';
  if (RANDOM_KEYS.test(key)) return '<random>';
  // Generated passwords differ; that they are there, and under which keys, does not.
  if (SECRET_KEYS.has(key) && kind === 'Secret' && typeof value === 'object') {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((name) => [name, '<secret>']),
    );
  }
  // Loaded one by one or at a boot: the order says nothing of the machine.
  if (key === 'modules' && Array.isArray(value)) return value.toSorted();
  // The API hands them out in the order in which services are made; that of DNS is fixed.
  if (key === 'clusterIP' && /^10\.152\.183\.(?!10$)/.test(String(value))) return '<cluster address>';
  // Who joined first is a fact about the run.
  if (key === 'dqlite' && Array.isArray(value)) return normalise(value.toSorted(byAddress), ids, kind);
  if (key === 'tokens' && Array.isArray(value)) return `<${value.length === 0 ? 'no' : 'some'} tokens>`;
  return normalise(value, ids, kind);
}

function byAddress(a: { address: string }, b: { address: string }): number {
  return a.address < b.address ? -1 : 1;
}

const PATTERNS: readonly [RegExp, string | undefined][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g, '<pem>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, undefined],
  [/(?<=\biqn\.[^\s:]+:01:)[0-9a-f]+/g, undefined],
  [/\b(?=[a-z]*\d)[0-9a-f]{16,64}\b/gi, undefined],
  [/\b[A-Za-z0-9+]{48,}={0,2}(?![A-Za-z0-9/])/g, '<blob>'],
];

/** Random ids are called after the place where they are met first: what else there is does not change their names. */
class Ids {
  readonly #names = new Map<string, string>();
  readonly #used = new Map<string, number>();
  place = '';

  name(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const times = (this.#used.get(this.place) ?? 0) + 1;
    this.#used.set(this.place, times);
    const name = `<id of ${this.place}${times > 1 ? ` ${times}` : ''}>`;
    this.#names.set(id, name);
    return name;
  }

  call(id: string, name: string): void {
    this.#names.set(id, `<${name}>`);
  }

  /** Does something at a place further down. */
  at<T>(place: string, act: () => T): T {
    const before = this.place;
    this.place = before === '' ? place : `${before}.${place}`;
    try {
      return act();
    } finally {
      this.place = before;
    }
  }
}

function text(value: string, ids: Ids): string {
  return PATTERNS.reduce((before, [pattern, word]) => before.replace(pattern, (id) => word ?? ids.name(id)), value);
}

interface FileState {
  mode: string;
  link?: string;
  text?: string;
}

function filesOf(folder: string, ids: Ids): Record<string, FileState> {
  const found: Record<string, FileState> = {};
  const visit = (path: string) => {
    if (PASSING.test(path)) return;
    const at = path.startsWith('usr/local') ? join(folder, path.slice('usr/'.length)) : join(folder, 'root', path);
    const seen = attempt(() => lstatSync(at));
    if (!seen) return;
    const mode = (seen.mode & 0o7777).toString(8);
    const name = text(`/${path}`, ids);
    if (seen.isSymbolicLink()) found[name] = { mode: 'link', link: readlinkSync(at) };
    else if (seen.isDirectory()) {
      found[name] = { mode: `folder ${mode}` };
      for (const child of (attempt(() => readdirSync(at)) ?? []).sort()) visit(`${path}/${child}`);
    } else if (seen.size > BIGGEST_TEXT) found[name] = { mode, text: `<${seen.size} bytes>` };
    else found[name] = { mode, text: ids.at(name, () => content(at, path, ids)) };
  };
  for (const path of FOLDERS) visit(path);
  return found;
}

/** /etc/shadow and keys are somebody's secret, and made anew with each rehearsal. */
function content(at: string, path: string, ids: Ids): string {
  if (/\/(authorized_keys|known_hosts|id_[a-z0-9]+)$/.test(path)) return '<keys>';
  return text(attempt(() => readFileSync(at, 'utf8')) ?? '<not readable>', ids);
}

/** A file may vanish while we look. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
