import * as z from 'zod';
import type { Chart } from '../charts/catalogue.ts';
import { type Data, digestOf, flatLines } from '../charts/values.ts';
import type { Ask, Declared, Diff, Json, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { refused } from './answers.ts';
import { claimsAsk, inUse } from './claims.ts';
import type { Placed } from './declare.ts';
import { giveUp, type HeldData, notOurs } from './held-data.ts';
import { lostOf } from './helm-lost.ts';
import { countMove, installMove, repair, uninstallMove } from './helm-moves.ts';
import { helmAsk, type Revision, type Sight, sightOf } from './helm-sight.ts';
import { localChart, localChartAsk } from './local-chart.ts';
import { type LooksAfter, lookedAfterAsk, othersLookedAfter } from './looked-after.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { namesakesAsk, namesakesOf } from './namesakes.ts';
import { gone } from './stays.ts';
import { classesAsk, classesOf } from './storage-class.ts';

/** A chart of this version is installed as this release with these values, and what it brought is ready. */
export type HelmReleaseSpec = {
  readonly release: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  /** Where it is fetched from: one of the three. */
  readonly repo?: string;
  readonly oci?: string;
  /** A folder or a packed archive on the workstation, for machines without internet. */
  readonly local?: string;
  /** Ours with the user's laid over them. No secrets: they are stored and shown. */
  readonly values: Data;
  /** Seconds until all that it brought must be ready, slow image pulls included. */
  readonly readyS: number;
  /** Storage classes whose volumes it looks after: it is not removed while there are any. */
  readonly classes?: readonly string[];
  /** Those of them that the chart itself makes. */
  readonly brings?: readonly string[];
  /** Data that goes with it, when the user gives that up. */
  readonly data?: HeldData;
  /** What it looks after as an operator: it stays while somebody else has one. */
  readonly looksAfter?: LooksAfter;
};

interface Wish extends Placed {
  readonly release: string;
  readonly namespace: string;
  /** As `templates/charts.yaml` pins it. */
  readonly chart: Chart;
  readonly local?: string | undefined;
  readonly values: Data;
  readonly readyS: number;
  readonly classes?: readonly string[];
  readonly brings?: readonly string[];
  readonly data?: HeldData;
  readonly looksAfter?: LooksAfter;
}

export function helmRelease({ id, on, needs, chart: pin, local, ...rest }: Wish): Declared<HelmReleaseSpec> {
  const { chart, version, repo, oci } = pin;
  const from = local !== undefined ? { local } : repo !== undefined ? { repo } : { oci: oci ?? '' };
  return { kind: 'helm-release', id, on, needs, spec: { ...rest, chart, version, ...from } };
}

export const helmReleaseKind: Kind<HelmReleaseSpec> = {
  kind: 'helm-release',
  asks,
  judge,
  undo,
  undoAsks: ({ spec }) => [
    ...(spec.classes || spec.data ? [claimsAsk] : []),
    ...(spec.looksAfter ? [lookedAfterAsk(spec.looksAfter)] : []),
  ],
  lives: 'cluster',
  // Where there is data, the namespace is a manifest of its own.
  leaves: ({ spec }) => (spec.data ? [] : [spec.namespace]),
};

/** What an earlier run wrote into the cluster, where others may write too. */
const earlier = z.object({ version: z.string(), values: z.record(z.string(), z.json()) });

function asks(it: Declared<HelmReleaseSpec>): Ask[] {
  const { local, brings, data } = it.spec;
  const more = data ? [namesakesAsk(it.spec)] : [];
  return [helmAsk, ...more, ...(local === undefined ? [] : [localChartAsk(local)]), ...(brings ? [classesAsk] : [])];
}

function judge(it: Declared<HelmReleaseSpec>, world: World): Verdict {
  const { release, namespace, local } = it.spec;
  const found = local === undefined ? undefined : localChart(it.id, local, world);
  if (found && 'verdict' in found) return found;
  const content = { digest: digestOf(contentOf(it.spec, found?.base64)), packed: found?.base64 };
  const change = (because: string, revision: number, more: { diff?: Diff[]; adopts?: true } = {}): Verdict => ({
    ...{ verdict: 'change', because, ...more },
    moves: [installMove(it, content, revision)],
  });
  if (world.identity === undefined) return change('there is no cluster yet', 1);
  const sight = sightOf(world);
  if (!sight) return unseen(world);
  const revisions = sight.revisions(namespace, release);
  const [newest] = revisions;
  if (!newest) {
    const { data } = it.spec;
    const theirs = data ? namesakesOf(it.spec, world) : [];
    return data && theirs.length > 0
      ? notOurs(it.id, data, theirs.join(', '))
      : change(`release ${release} is not installed`, 1);
  }
  if (isBusy(newest)) {
    const because = `release ${release} was left ${newest.status} by a helm that was cut off`;
    return working(it, newest, sight) ?? { verdict: 'change', because, moves: repair(it, content, revisions) };
  }
  const next = newest.number + 1;
  if (newest.digest === undefined) {
    const theirs = sight.foreignChart(namespace, release) ?? 'an unknown chart';
    if (chartName(theirs) !== it.spec.chart) return taken(it, theirs);
    const isNew = world.record(it.id) === undefined;
    if (it.spec.data && isNew) return notOurs(it.id, it.spec.data, `release ${namespace}/${release} of ${theirs}`);
    return change(`release ${release} of ${theirs} was not installed by mlk8s`, next, { adopts: true });
  }
  if (newest.status !== 'deployed') return change(`release ${release} is ${newest.status}`, next);
  if (newest.labelledFor !== newest.number) {
    return change(`release ${release} was changed by somebody else since revision ${newest.labelledFor}`, next);
  }
  if (newest.digest === content.digest) {
    const lost = lostClasses(it, world);
    if (lost.length > 0) return change(`the class ${lost.join(', ')} of release ${release} was deleted`, next);
    return lostObjects(it, newest, sight, change) ?? readiness(it, sight);
  }
  const before = earlier.safeParse(world.record(it.id)?.spec).data;
  return change(difference(it.spec, before), next, { diff: diffOf(it.spec, before) });
}

/** What the digest is made of. */
function contentOf({ chart, version, values }: HelmReleaseSpec, base64: string | undefined): Json {
  return { chart, version, values, ...(base64 === undefined ? {} : { base64 }) };
}

/** What nobody else would notice: Helm looks at its objects only when it is told to. */
function lostClasses({ spec: { brings = [] } }: Declared<HelmReleaseSpec>, world: World): string[] {
  const there = classesOf(world);
  return there ? brings.filter((name) => !there.has(name)) : [];
}

/** Upgraded to what it is already, Helm makes anew what is missing, and gives back the replicas of its chart. */
function lostObjects(
  it: Declared<HelmReleaseSpec>,
  { number, counted }: Revision,
  sight: Sight,
  change: (because: string, revision: number) => Verdict,
): Verdict | undefined {
  const { release } = it.spec;
  if (counted === undefined) {
    const because = `what release ${release} brought was not counted: helm was cut off`;
    return { verdict: 'change', because, moves: [countMove(it, number)] };
  }
  const lost = lostOf(it.spec, counted, sight);
  return lost === undefined ? undefined : change(lost, number + 1);
}

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `${world.lead} does not list its Helm releases`,
  deadlineS: 300,
});

const isBusy = ({ status }: Revision): boolean => status.startsWith('pending-') || status === 'uninstalling';

/** Somebody may still be at work on it: a job of ours on the lead, or a helm that is not ours. */
function working(it: Declared<HelmReleaseSpec>, { status, digest }: Revision, { jobs }: Sight): Verdict | undefined {
  const who = digest === undefined ? 'somebody else' : jobs.length > 0 ? `a job (${jobs.join(', ')})` : undefined;
  if (who === undefined) return undefined;
  return {
    verdict: 'settling',
    because: `release ${it.spec.release} is ${status}: ${who} works on it`,
    deadlineS: 900,
  };
}

/** `openebs-4.4.0` without its version. */
function chartName(chart: string): string {
  return chart.replace(/-v?\d+\.\d+\.\d+.*$/, '');
}

function taken(it: Declared<HelmReleaseSpec>, theirs: string): Verdict {
  const { release, namespace, chart } = it.spec;
  return refused(
    it.id,
    `release ${release} in namespace ${namespace} is ${theirs}, not ${chart}`,
    'somebody else installed it under that name, and mlk8s never takes over another chart',
    `look at it: helm list --namespace ${namespace}`,
    `when it is not needed any more: helm uninstall ${release} --namespace ${namespace}`,
  );
}

type Before = z.infer<typeof earlier> | undefined;

function difference({ release, chart, version }: HelmReleaseSpec, before: Before): string {
  if (before && before.version !== version) return `release ${release} has ${chart} ${before.version}, not ${version}`;
  return `release ${release} has other values`;
}

function diffOf({ release, version, values }: HelmReleaseSpec, before: Before): Diff[] {
  if (!before) return [];
  const shown = (v: string, data: Data) => `version: ${v}\n${flatLines(data).join('\n')}\n`;
  const what = `release ${release}`;
  return [{ what, before: shown(before.version, before.values as Data), after: shown(version, values) }];
}

function readiness(it: Declared<HelmReleaseSpec>, sight: Sight): Verdict {
  const { release, namespace, chart, version, readyS } = it.spec;
  const unready = sight.workloads(namespace, release).filter((workload) => !workload.isReady);
  if (unready.length === 0) return { verdict: 'ok', because: `${chart} ${version} is deployed and ready` };
  const because = unready.map((workload) => {
    const troubles = [...new Set(sight.troubles(workload).map((pod) => pod.trouble))];
    return `${workload.title} has ${workload.ready} of ${workload.wanted} ready${troubles.length > 0 ? ` (${troubles.join('; ')})` : ''}`;
  });
  return { verdict: 'settling', because: because.join(', '), deadlineS: readyS };
}

/** Volumes and CRDs stay: data is the user's, and others may have objects of these kinds. */
function undo(it: Recorded<HelmReleaseSpec>, world: World): Verdict {
  if (clusterEnds(world)) return gone('it goes with the cluster');
  const sight = sightOf(world);
  if (!sight) return unseen(world);
  const [newest] = sight.revisions(it.spec.namespace, it.spec.release);
  const last = giveUp(it.id, it.spec.data, world);
  if ('verdict' in last) return last;
  if (!newest && last.length === 0) return gone(`release ${it.spec.release} is not installed`);
  const wait = newest && isBusy(newest) ? working(it, newest, sight) : undefined;
  const { looksAfter, release } = it.spec;
  const others = looksAfter && othersLookedAfter(looksAfter, release, world);
  const kept = wait ?? others ?? inUse(it.id, it.spec.classes ?? [], world, it.spec.namespace);
  const moves = [...(newest ? [uninstallMove(it)] : []), ...last];
  return kept ?? { verdict: 'change', because: 'it was installed by mlk8s', moves };
}
