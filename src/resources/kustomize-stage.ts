import { digestOf } from '../charts/values.ts';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import type { Overlay } from '../kubeflow/overlay.ts';
import { refused } from './answers.ts';
import { claimsAsk } from './claims.ts';
import type { Placed } from './declare.ts';
import { helmAsk, sightOf, type Workload } from './helm-sight.ts';
import { CLAIM, LOST } from './manifest.ts';
import { someOf } from './some.ts';
import { otherPlace } from './stage-claims.ts';
import { instancesAsk } from './stage-instances.ts';
import { applyMove } from './stage-move.ts';
import { UNFINISHED } from './stage-receipt.ts';
import { stagesAsk, stagesOf, titleOf, unseenStages } from './stage-sight.ts';
import { besidesAsk } from './stage-theirs.ts';
import { undoStage } from './stage-undo.ts';

/** One stage of a source is rendered with an overlay of ours, applied, and its pods are ready. */
export type KustomizeStageSpec = {
  readonly stage: string;
  /** As people call it: `the service mesh Istio`. */
  readonly title: string;
  /** Release that it is of, as people call it: `Kubeflow 26.03.1`. */
  readonly release: string;
  /** Folder of the source on the lead, and the digest of what is in it. */
  readonly source: string;
  readonly digest: string;
  readonly overlay: Overlay;
  /**
   * Objects that an earlier release made with fields that cannot be changed: they go before this one is applied. Rows
   * `apiVersion kind namespace name`, with `-` for no namespace.
   */
  readonly replaces: readonly string[];
  /** Objects that a later stage brings from this release on: they stay until it does. Rows of the same form. */
  readonly passes: readonly string[];
  /** Workloads, as `namespace/name`, by which one that somebody else installed is known. */
  readonly marks: readonly string[];
  /** Seconds until its pods must be ready, slow image pulls included. */
  readonly readyS: number;
};

export function kustomizeStage({ id, on, needs, ...spec }: Placed & KustomizeStageSpec): Declared<KustomizeStageSpec> {
  return { kind: 'kustomize-stage', id, on, needs, spec };
}

export const kustomizeStageKind: Kind<KustomizeStageSpec> = {
  kind: 'kustomize-stage',
  asks: (): Ask[] => [stagesAsk, helmAsk],
  judge,
  undo: undoStage,
  undoAsks: ({ spec }) => [claimsAsk, instancesAsk(spec.stage), besidesAsk(spec.stage)],
  lives: 'cluster',
};

/** What the receipt names: the source, and what of it is rendered in which way. */
function contentOf({ digest, overlay }: KustomizeStageSpec): string {
  return digestOf({ digest, overlay });
}

function judge(it: Declared<KustomizeStageSpec>, world: World): Verdict {
  const { stage, title, release, readyS: deadlineS } = it.spec;
  const stages = world.identity === undefined ? undefined : stagesOf(world);
  const off = stages?.workloads(stage).filter(({ isOff }) => isOff) ?? [];
  const change = (because: string): Verdict => ({
    verdict: 'change',
    because,
    moves: [applyMove(it, contentOf(it.spec), off)],
    // Each stage needs pods of those before it.
    settled: true,
  });
  if (world.identity === undefined) return change('there is no cluster yet');
  if (!stages) return unseenStages(world);
  const receipt = stages.receipt(stage);
  const theirs = world.record(it.id) ? [] : stages.foreign(it.spec.marks);
  if (!receipt && theirs.length > 0) return taken(it, theirs);
  const missing = stages.missing(stage);
  const elsewhere = otherPlace(it, receipt?.objects.filter((object) => !missing.includes(object)) ?? [], world);
  if (elsewhere) return elsewhere;
  if (!receipt || receipt.digest === UNFINISHED) return change(`${title} was never applied to its end`);
  const lost = missing.filter(({ kind }) => kind === CLAIM).map((object) => `${titleOf(object)} ${LOST}`);
  if (receipt.digest !== contentOf(it.spec)) {
    const other = `${title} was applied from other manifests, or with other settings, than those of ${release}`;
    return change([other, ...lost].join('; '));
  }
  const rest = missing.filter(({ kind }) => kind !== CLAIM).map(titleOf);
  const gone =
    rest.length === 0 ? [] : [`${someOf(rest, NAMED)} of ${title} ${rest.length === 1 ? 'is' : 'are'} not there`];
  if (missing.length > 0) return change([...lost, ...gone].join('; '));
  const unasked = stages.unasked(stage);
  // Whoever brings the type makes it anew, and then it is seen what was of it.
  if (unasked !== undefined) {
    return { verdict: 'settling', because: `not all of ${title} can be seen: ${unasked}`, deadlineS };
  }
  if (off.length > 0) return change(off.map((workload) => `${workload.title} was scaled to 0`).join(', '));
  const late = stages.workloads(stage).filter(({ isReady }) => !isReady);
  if (late.length > 0) return { verdict: 'settling', because: unready(late, world), deadlineS };
  return { verdict: 'ok', because: `${receipt.objects.length} objects of ${title} are there and ready` };
}

function taken({ id, spec: { title, release } }: Declared<KustomizeStageSpec>, theirs: readonly Workload[]): Verdict {
  return refused(
    id,
    `${theirs.map((workload) => workload.title).join(', ')} was not installed by mlk8s`,
    `${release} brings ${title} of its own, which would be written over it, and whatever uses it may break`,
    'to keep it, take the section kubeflow, or what needs it there, out of the cluster file',
    'or remove it first, with all that it brought',
  );
}

/** Most objects that are named. */
const NAMED = 5;

function unready(late: readonly Workload[], world: World): string {
  const sight = sightOf(world);
  const because = late.map((workload) => {
    const troubles = [...new Set(sight?.troubles(workload).map((pod) => pod.trouble) ?? [])];
    const why = troubles.length > 0 ? ` (${troubles.join('; ')})` : '';
    return `${workload.title} has ${workload.ready} of ${workload.wanted} ready${why}`;
  });
  return because.join(', ');
}
