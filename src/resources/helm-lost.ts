import type { HelmReleaseSpec } from './helm-release.ts';
import type { Brought, Counted, Sight } from './helm-sight.ts';

/** Most objects that are named, of those that are left and of those that were scaled. */
const NAMED = 3;

/**
 * Why a release is not what Helm brought any more: workloads, Services or ConfigMaps were deleted, or workloads were scaled
 * to 0. Undefined: nothing is missing. What was deleted is known by its number only.
 */
export function lostOf(
  { release, namespace }: Pick<HelmReleaseSpec, 'release' | 'namespace'>,
  { workloads, services, configMaps }: Counted,
  sight: Sight,
): string | undefined {
  const there = sight.workloads(namespace, release);
  const off = services === undefined ? [] : there.filter(({ isOff }) => isOff);
  const lost = [
    missing({ release, noun: 'workload', all: workloads, there, off }),
    missing({ release, noun: 'Service', all: services, there: sight.services(namespace, release) }),
    missing({ release, noun: 'ConfigMap', all: configMaps, there: sight.configMaps(namespace, release) }),
  ].filter((it) => it !== undefined);
  return lost.length === 0 ? undefined : lost.join('; ');
}

interface Group {
  readonly release: string;
  /** What one of them is called. */
  readonly noun: string;
  /** How many Helm brought; undefined: nobody counted. */
  readonly all: number | undefined;
  readonly there: readonly Brought[];
  /** Those of `there` that are scaled to 0: they do not count. */
  readonly off?: readonly Brought[];
}

function missing({ release, noun, all = 0, there, off = [] }: Group): string | undefined {
  const lost = all - there.length + off.length;
  if (lost <= 0) return undefined;
  const deleted = lost - off.length;
  const ofAll = (count: number) => `${count} of ${all} ${noun}s of release ${release} ${was(count)}`;
  // A chart may bring some without replicas: which of them had any is not known.
  if (deleted < 0) return `${ofAll(lost)} deleted or scaled to 0`;
  if (there.length === 0) {
    return all === 1
      ? `the only ${noun} of release ${release} was deleted`
      : `all ${all} ${noun}s of release ${release} were deleted`;
  }
  const left = there.length > NAMED ? '' : `; still there: ${titlesOf(there)}`;
  const scaled = off.length > NAMED ? ofAll(off.length) : `${titlesOf(off)} ${was(off.length)}`;
  return [
    ...(off.length === 0 ? [] : [`${scaled} scaled to 0`]),
    ...(deleted === 0 ? [] : [`${ofAll(deleted)} deleted${left}`]),
  ].join('; ');
}

const was = (count: number): string => (count === 1 ? 'was' : 'were');
const titlesOf = (them: readonly Brought[]): string => them.map(({ title }) => title).join(', ');
