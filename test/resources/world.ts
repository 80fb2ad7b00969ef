import type { Cluster, ClusterNode } from '../../src/config/schema.ts';
import type { Answer, Ask, InventoryRecord, Verdict, Where, World } from '../../src/engine/types.ts';

/** What a case writes for an answer: its text, or the whole answer. */
export type Told =
  | string
  | { readonly kind: 'timeout' | 'unreachable' }
  | { readonly text: string; readonly status: number; readonly askedAtS?: number };

export function answerOf(told: Told): Answer {
  if (typeof told === 'string') return { kind: 'bytes', text: told, status: 0, cut: false };
  return 'kind' in told ? { kind: told.kind } : { kind: 'bytes', cut: false, ...told };
}

export function node(name: string, more: Partial<ClusterNode> = {}): ClusterNode {
  const number = /\d+$/.exec(name)?.[0] ?? '0';
  return {
    name,
    address: `192.168.1.1${number}`,
    role: 'worker',
    local: false,
    labels: {},
    taints: [],
    ssh: {},
    ...more,
  };
}

export function cluster(nodes: readonly ClusterNode[], more: Partial<Cluster> = {}): Cluster {
  return {
    name: 'home',
    microk8s: { channel: '1.35/stable' },
    ssh: {},
    node: { dataDir: '/data/microk8s', timeSync: true, sleep: 'prevent' },
    nodes: [...nodes],
    values: {},
    charts: {},
    ...more,
  };
}

interface Known {
  readonly file?: Cluster;
  /** By place and key of the ask; what is not listed is absent. */
  readonly answers?: ReadonlyMap<string, Answer>;
  readonly debts?: readonly string[];
  readonly records?: readonly InventoryRecord[];
  readonly given?: ReadonlyMap<string, string>;
  readonly prunes?: boolean;
  readonly deletes?: readonly string[];
}

const place = (on: Where) => (typeof on === 'string' ? on : on.host);

export function at(on: Where, key: string): string {
  return `${place(on)} ${key}`;
}

export function answersTo(asks: readonly Ask[], told: readonly Told[]): Map<string, Answer> {
  if (asks.length !== told.length) {
    throw new Error(`there are ${asks.length} asks (${asks.map((ask) => ask.key).join('; ')}), not ${told.length}`);
  }
  return new Map(asks.map((ask, i) => [at(ask.on, ask.key), answerOf(told[i] as Told)]));
}

export function worldOf({
  file = cluster([node('rig1')]),
  answers,
  debts = [],
  records = [],
  prunes = false,
  deletes = [],
  given,
}: Known): World {
  const answer = (on: Where, key: string): Answer => answers?.get(at(on, key)) ?? { kind: 'absent' };
  return {
    file,
    hosts: file.nodes.map(({ name }) => name),
    lead: undefined,
    founder: undefined,
    identity: undefined,
    answer,
    text: (on, key) => {
      const it = answer(on, key);
      return it.kind === 'bytes' ? it.text : undefined;
    },
    record: (id) => records.find((record) => record.id === id),
    debts: () => debts,
    mayWipe: () => false,
    mayDelete: (database) => deletes.includes(database),
    given: (ref) => given?.get(ref),
    leaving: [],
    prunes,
  };
}

/** A verdict in one line: `ok: …`, or `refused: …` with what was seen. */
export function said(verdict: Verdict): string {
  return `${verdict.verdict}: ${verdict.verdict === 'refused' ? verdict.problem.seen : verdict.because}`;
}

/** What the moves of a change say that they do; none for any other verdict. */
export function doings(verdict: Verdict): string[] {
  return verdict.verdict === 'change' ? verdict.moves.map((move) => move.does) : [];
}
