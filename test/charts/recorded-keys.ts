import { readFileSync } from 'node:fs';
import { flatLines } from '../../src/charts/values.ts';
import type { HelmReleaseSpec } from '../../src/resources/helm-release.ts';

/** Paths of all values that a release sets, as `a.b.c`. */
export function keysOf({ values }: Pick<HelmReleaseSpec, 'values'>): string[] {
  return flatLines(values).map((line) => line.slice(0, line.indexOf(': ')));
}

/** Those of them that are not in the recorded list of the chart: helm takes a mistyped key without a word. */
export function unknownKeys(release: Pick<HelmReleaseSpec, 'chart' | 'values'>): string[] {
  const rows = readFileSync(new URL(`keys/${release.chart}.txt`, import.meta.url), 'utf8').split('\n');
  const known = rows.filter((row) => row !== '' && !row.startsWith('#')).map((row) => row.replace(/ \(i\)$/, ''));
  const isKnown = (key: string) =>
    known.some((it) => (it.endsWith('.*') ? key.startsWith(it.slice(0, -1)) : key === it));
  return keysOf(release).filter((key) => !isKnown(key));
}
