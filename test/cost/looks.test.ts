import { describe, expect, it } from 'vitest';
import { plotOf } from '../../src/cost/plot.ts';
import { type CostSight, reportOf } from '../../src/cost/report.ts';
import { pricesOf, wattsOf } from '../../src/cost/tables.ts';
import { costLines } from '../../src/render/cost.ts';
import { createStyle } from '../../src/render/style.ts';
import { EUR, HOME, machine } from './sight.ts';

const report = (sight: Partial<CostSight> = {}) => reportOf({ ...HOME, ...sight }, EUR, pricesOf(), wattsOf());
const style = (columns: number) => createStyle({ columns, unicode: true, colour: false });
const shown = (columns: number, by?: 'node' | 'namespace') => `${costLines(report(), by, style(columns)).join('\n')}\n`;

describe('the bill', () => {
  it('is a table on a wide screen', async () => {
    await expect(shown(120)).toMatchFileSnapshot('../golden/cost/wide.txt');
  });

  it('says on a narrow screen below a line where its watts are from', async () => {
    await expect(shown(60, 'node')).toMatchFileSnapshot('../golden/cost/narrow.txt');
  });

  it('has the rows that were asked for', () => {
    expect(shown(120, 'namespace')).not.toContain('rig1');
    expect(shown(120, 'node')).not.toContain('kube-system');
  });

  it('says by whose figures pods are counted', () => {
    const counted = report({ basis: { from: 'opencost', hours: 23.96 }, openCostTotal: 3.2 });
    expect(costLines(counted, undefined, style(300)).join('\n')).toContain(
      'what their pods took in the last 24 h, by OpenCost, which itself reckons 3.20 USD for that time',
    );
  });

  it('says of the first hours how many minutes they are', () => {
    const counted = report({ basis: { from: 'opencost', hours: 0.4 }, openCostTotal: 0.004 });
    expect(costLines(counted, undefined, style(300)).join('\n')).toContain(
      'in the last 24 min, by OpenCost, which itself reckons <0.01 USD',
    );
  });

  it('lets no name drive the terminal', () => {
    const uses = [{ node: 'rig1', namespace: 'a\u001b[31mb\u202e\n', cpu: 1, memory: 1, gpu: 0 }];
    const text = costLines(report({ uses }), undefined, style(100)).join('|');
    expect(text).not.toMatch(/[\u001b\u202e\n]/);
  });
});

const of = (cluster: string, simulated = false) => ({ cluster, simulated });

describe('the picture', () => {
  it('shows machines', async () => {
    await expect(plotOf(report(), 'node', of('home-lab'))).toMatchFileSnapshot('../golden/cost/machines.svg');
  });

  it('shows namespaces, the dearest first and what is idle last', () => {
    const names = [...plotOf(report(), 'namespace', of('home-lab')).matchAll(/<g><title>([^<]*)<\/title>/g)];
    expect(names.map(([, name]) => name)).toEqual(['llm', 'kube-system', 'old', '(idle)']);
  });

  it('says so when the machines are simulated', () => {
    expect(plotOf(report(), 'node', of('x', true))).toContain('>A rehearsal: these machines are simulated.</text>');
    expect(plotOf(report(), 'node', of('x'))).not.toContain('rehearsal');
  });

  it('is whole whatever things are called', () => {
    const name = `</text><script>alert("1")</script>&'\u0007\ud83d\ude00`;
    const svg = plotOf(report({ nodes: [machine(name)] }), 'node', of(name));
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0007');
    expect(svg).toContain('&lt;/text&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
    // every element is closed
    expect(svg.match(/<g>/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
    expect(svg.match(/<text /g)?.length).toBe(svg.match(/<\/text>/g)?.length);
  });

  it('cuts long names, has them whole to point at, and leaves them room', () => {
    const name = 'a-machine-with-a-name-that-is-as-long-as-kubernetes-lets-it-be-1';
    const svg = plotOf(report({ nodes: [machine(name), machine('b')] }), 'node', of('home'));
    expect(svg).toContain(`<title>${name}</title>`);
    expect(svg).toContain('>a-machine-with-a-name-tha…</text>');
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="19"/g)];
    const [left, widest] = [Number(bars[0]?.[1]), Math.max(...bars.map(([, x, width]) => Number(x) + Number(width)))];
    // 26 letters of the widest sort that names have, and an amount beside the longest bar
    expect(left).toBeGreaterThan(26 * 7.5);
    expect(widest).toBeLessThan(900 - 100);
  });

  it('is made of nothing', () => {
    const svg = plotOf(report({ nodes: [], uses: [], volumes: [] }), 'node', of('empty'));
    expect(svg).toContain('All together: 0 in a cloud, 0 at home.');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('cuts a bar beside which all others are too short to compare, and says so', () => {
    const big = machine('big', { capacity: { cpu: 4000, memory: 9000, gpu: 0 } });
    const svg = plotOf(report({ nodes: [big, machine('a'), machine('b')] }), 'node', of('x'));
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="19"/g)];
    const widths = bars.map(([, , width]) => Number(width));
    // what it costs in a cloud, and at home: only the first is far more
    expect(svg.match(/<path /g)).toHaveLength(1);
    expect(svg).toContain('A bar with a gap is longer');
    expect(widths[2]).toBeGreaterThan(200);
    expect(widths[0]).toBeGreaterThan(Math.max(...widths.slice(1)));
    // an amount has room beside it
    expect(Number(bars[0]?.[1]) + Number(widths[0])).toBeLessThan(900 - 80);
  });

  it('cuts none when all of them can be compared, or when there are no others', () => {
    expect(plotOf(report(), 'node', of('x'))).not.toMatch(/<path |with a gap/);
    const big = machine('big', { capacity: { cpu: 4000, memory: 9000, gpu: 0 } });
    expect(plotOf(report({ nodes: [big, machine('a')], volumes: [] }), 'node', of('x'))).not.toMatch(
      /<path |with a gap/,
    );
  });

  it('shows what costs little beside what costs much', () => {
    const svg = plotOf(
      report({ nodes: [machine('big', { capacity: { cpu: 4000, memory: 9000, gpu: 0 } })] }),
      'node',
      of('x'),
    );
    const widths = [...svg.matchAll(/width="([\d.]+)" height="19"/g)].map(([, width]) => Number(width));
    expect(Math.min(...widths.filter((it) => it > 0))).toBeGreaterThanOrEqual(2);
  });
});
