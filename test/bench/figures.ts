/** One thing that was measured. */
export interface Figure {
  /** Letter of the benchmark. */
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'MB' | 'times' | 'execs';
  /** What it should be. Without, it stands beside others for comparison. */
  readonly target?: { readonly most: number } | { readonly least: number };
  /** The single measurements behind a median, in the order in which they were made. */
  readonly runs?: readonly number[];
}

export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  return 'most' in target ? value <= target.most : value >= target.least;
}

/** The figures as a table for people, one line each. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { part, what, value, unit, target } = figure;
    const wanted = target && ('most' in target ? `at most ${target.most}` : `at least ${target.least}`);
    const verdict = wanted === undefined ? '' : `${isMet(figure) ? 'met' : 'missed'}: ${wanted} ${unit}`;
    return [part, what, digits(value), unit, verdict];
  });
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const cell = (text: string, i: number) => (i === 2 ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

function digits(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
