import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCluster } from '../../src/config/load.ts';
import { monitoringStep } from '../../src/steps/monitoring/index.ts';
import { templateData } from '../../src/templates.ts';
import { blocks, pageOf } from './page.ts';

const page = pageOf('docs/monitoring.md');
const [file = '', monitor = ''] = blocks(page, 'yaml');

describe('docs/monitoring.md', () => {
  const { file: cluster } = parseCluster(Buffer.from(file), 'mlk8s.yaml');

  it('shows a cluster file that is right', () => {
    expect(monitoringStep.resources(cluster).map(({ id }) => id)).toContain('monitoring/stack@cluster');
  });

  it('opens what there is', () => {
    const names = monitoringStep.services?.(cluster).map(({ name }) => name) ?? [];
    for (const name of names) expect(page).toContain(name === 'grafana' ? 'mlk8s open grafana' : `\`${name}\``);
  });

  it('says what is asked for', () => {
    const loads = monitoringStep.asksFor?.(cluster) ?? [];
    const sum = (key: 'cpu' | 'memory' | 'disk') => loads.reduce((all, load) => all + (load[key] ?? 0), 0);
    const each = loads.flatMap(({ perNode }) => perNode ?? []);
    const machines = `${(each[0]?.cpu ?? 0) / 1000} cores and ${each[0]?.memory} MiB more for each machine`;
    const disk = sum('disk') - (cluster.monitoring?.sizeGi ?? 0);
    expect(each).toHaveLength(1);
    expect(page).toContain(
      `about ${(sum('cpu') / 1000).toFixed(1)} cores and ${(sum('memory') / 1024).toFixed(1)} GiB of memory, ${machines}, and ${disk} GiB of disk besides \`sizeGi\``,
    );
  });

  it('names every release', () => {
    const releases = monitoringStep.resources(cluster).flatMap(({ kind, spec }) => {
      return kind === 'helm-release' ? [(spec as { release: string }).release] : [];
    });
    const named = [...page.matchAll(/^\| [\w ]+ \| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(releases.toSorted());
  });

  it('names every alert once', () => {
    const { spec } = templateData('monitoring/rules.yaml') as unknown as {
      spec: { groups: { rules: { alert: string }[] }[] };
    };
    const alerts = spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const rows = [...page.matchAll(/^\| (`[A-Z]\w+`(?:, `[A-Z]\w+`)*) \|/gm)].map(([, cell = '']) => cell);
    const named = rows.flatMap((cell) => cell.match(/\w+/g) ?? []);
    expect(named).toEqual(alerts);
  });

  it('shows a monitor that is one', () => {
    expect(parse(monitor)).toMatchObject({ kind: 'ServiceMonitor', spec: { endpoints: [{}] } });
  });
});
