import { chartOf } from '../charts/catalogue.ts';
import { type ChartKey, userValues } from '../charts/keys.ts';
import { type Data, mergeValues } from '../charts/values.ts';
import type { Cluster } from '../config/schema.ts';
import type { Declared, Id } from '../engine/types.ts';
import type { HeldData } from '../resources/held-data.ts';
import { type HelmReleaseSpec, helmRelease } from '../resources/helm-release.ts';
import type { LooksAfter } from '../resources/looked-after.ts';

interface Wish {
  readonly id: Id;
  /** Besides what every release needs: machines that are members, and names that resolve. */
  readonly needs?: readonly Id[];
  readonly release: string;
  readonly namespace: string;
  /** Ours. */
  readonly values: Data;
  /** Seconds until all that it brought must be ready, slow image pulls included. */
  readonly readyS: number;
  /** Storage classes whose volumes it looks after. */
  readonly classes?: readonly string[];
  /** Those of them that the chart itself makes. */
  readonly brings?: readonly string[];
  /** Data that goes with it, when the user gives that up. */
  readonly data?: HeldData;
  /** What it looks after as an operator. */
  readonly looksAfter?: LooksAfter;
}

/** A pinned chart as a release. The one place where `values:` and `charts:` of the cluster file come in. */
export function release(
  file: Cluster,
  chart: ChartKey,
  { needs = [], values, ...wish }: Wish,
): Declared<HelmReleaseSpec> {
  return helmRelease({
    ...wish,
    on: 'cluster',
    needs: ['microk8s/dns@cluster', 'microk8s/member@*', 'capacity/room@cluster', ...needs],
    chart: chartOf(chart),
    local: file.charts[chart],
    values: mergeValues(values, userValues(file, chart)),
  });
}
