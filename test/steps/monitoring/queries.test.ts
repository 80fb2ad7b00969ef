import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** What is asked, and the words beside it in which labels of the answer are named. */
interface Query {
  readonly of: string;
  readonly expr: string;
  readonly texts: readonly string[];
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const template = (name: string): string => read(`../../../templates/monitoring/${name}`);

interface Rules {
  readonly spec: {
    readonly groups: readonly {
      readonly rules: readonly { alert: string; expr: string; annotations: Record<string, string> }[];
    }[];
  };
}
interface Board {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { expr: string; legendFormat?: string }[];
  }[];
}

const ofRules: Query[] = (parse(template('rules.yaml')) as Rules).spec.groups.flatMap(({ rules }) =>
  rules.map(({ alert, expr, annotations }) => ({ of: alert, expr, texts: Object.values(annotations) })),
);
const ofBoards: Query[] = ['machines', 'gpus', 'storage'].flatMap((name) =>
  (JSON.parse(template(`dashboards/${name}.json`)) as Board).panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat = '' }) => ({ of: `${name}: ${title}`, expr, texts: [legendFormat] })),
  ),
);
const queries = [...ofRules, ...ofBoards];
const all = queries.map((query) => [query.of, query] as const);

/** Labels by metric. */
const recorded = new Map(
  read('metrics.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':') as [string, string])
    .map(([name, labels]) => [name, labels.split(' ').filter((label) => label !== '')] as const),
);

/** Pieces of a query by the names that the grammar of PromQL has for them. */
function piecesOf(expr: string): { readonly name: string; readonly isError: boolean; readonly text: string }[] {
  const pieces: { name: string; isError: boolean; text: string }[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      pieces.push({ name: type.name, isError: type.isError, text: expr.slice(from, to) });
    },
  });
  return pieces;
}
const named = (expr: string, name: string) => piecesOf(expr).filter((it) => it.name === name);
const metricsOf = (expr: string) => named(expr, 'VectorSelector').map(({ text }) => /^[\w:]*/.exec(text)?.[0] ?? '');

/** Labels of the answer that a text names, for Alertmanager or for Grafana. */
const labelsIn = (text: string) =>
  [...text.matchAll(/\{\{ \$labels\.(\w+) \}\}|\{\{(\w+)\}\}/g)].map(([, a, b]) => a ?? b ?? '');

/** What an answer has: after `by`, only that. */
function labelsOf(expr: string): readonly string[] {
  const [, by] = /^(?:max|sum|count) by \(([^)]*)\)/.exec(expr) ?? [];
  if (by !== undefined) return by.split(',').map((label) => label.trim());
  return ['job', 'instance', ...metricsOf(expr).flatMap((metric) => recorded.get(metric) ?? [])];
}

it('finds mistakes in a query', () => {
  for (const wrong of ['sum(up', 'rate(up[5m)', 'up{job=node}', 'up == ', 'a b']) {
    expect([wrong, piecesOf(wrong).some(({ isError }) => isError)]).toEqual([wrong, true]);
  }
});

describe.each(all)('%s', (_, { expr, texts }) => {
  it('is a query of PromQL', () => {
    expect(piecesOf(expr).filter(({ isError }) => isError)).toEqual([]);
  });

  it('asks for metrics that are there', () => {
    const metrics = metricsOf(expr);
    expect(metrics).not.toEqual([]);
    expect(metrics.filter((metric) => !recorded.has(metric))).toEqual([]);
  });

  it('names labels that its answer has', () => {
    const labels = labelsOf(expr);
    expect(texts.flatMap(labelsIn).filter((label) => !labels.includes(label))).toEqual([]);
  });
});

it('no metric is recorded that nobody asks for', () => {
  const asked = new Set(queries.flatMap(({ expr }) => metricsOf(expr)));
  expect([...recorded.keys()].filter((metric) => !asked.has(metric))).toEqual([]);
});

interface Values {
  readonly kubelet: { readonly serviceMonitor: { readonly metricRelabelings: readonly { regex: string }[] } };
  readonly prometheus: { readonly prometheusSpec: { readonly scrapeInterval: string } };
}
const values = parse(template('values.yaml')) as Values;

it('1.2, 7/10: nothing is asked for that is thrown away on its way', () => {
  const drops = values.kubelet.serviceMonitor.metricRelabelings.map(({ regex }) => new RegExp(`^(?:${regex})$`));
  expect(drops.some((drop) => drop.test('etcd_request_duration_seconds_bucket'))).toBe(true);
  expect([...recorded.keys()].filter((metric) => drops.some((drop) => drop.test(metric)))).toEqual([]);
});

it('a rate looks back over several looks of Prometheus, or it is never one', () => {
  const everyMinutes = Number(/^(\d+)s$/.exec(values.prometheus.prometheusSpec.scrapeInterval)?.[1]) / 60;
  const minutes = queries.flatMap(({ expr }) => [...expr.matchAll(/\[(\d+)m\]/g)].map(([, found]) => Number(found)));
  expect(minutes).not.toEqual([]);
  expect(Math.min(...minutes)).toBeGreaterThanOrEqual(4 * everyMinutes);
});

it('3: a card is named with its machine, by whichever label its exporter has', () => {
  const ofCards = queries.filter(({ expr, texts }) => expr.includes('DCGM_') && texts.some((it) => it.includes('gpu')));
  expect(ofCards).toHaveLength(11);
  for (const { of, texts } of ofCards) {
    const labels = labelsIn(texts.find((text) => text.includes('gpu')) ?? '');
    expect([of, labels]).toEqual([of, expect.arrayContaining(['Hostname', 'hostname', 'gpu'])]);
  }
});
