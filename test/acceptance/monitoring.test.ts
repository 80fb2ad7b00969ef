import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { monitoringStep } from '../../src/steps/monitoring/index.ts';
import { monitoringBreaks, monitoringUnbroken } from './monitoring-breaks.ts';
import { nameOf, namesOf, open, openIds } from './plan.ts';
import { cameUp, TWO_RIGS } from './users.ts';

const TWO = `${TWO_RIGS}storage: {}
monitoring: { sizeGi: 10 }
`;

describe('two machines that are watched', () => {
  const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);
  const user = cameUp(TWO);

  it('have nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, rig2: 1 } });
    expect(summary.notes).toContain(
      'dashboards: mlk8s open --rehearse grafana; its password: mlk8s credentials --rehearse',
    );
  });

  it('keep three volumes of the class of the file, and a password that nobody else has', async () => {
    const claims = await kubectl('-n observability get pvc -o jsonpath="{.items[*].spec.storageClassName}"');
    expect(claims.trim()).toBe('openebs-hostpath openebs-hostpath openebs-hostpath');
    const secret = await kubectl('-n observability get secret grafana-admin -o jsonpath="{.data.admin-password}"');
    expect(Buffer.from(secret, 'base64').toString()).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it('have a break for each resource, or a reason why not', () => {
    const broken = [...Object.keys(monitoringBreaks).map(nameOf), ...Object.keys(monitoringUnbroken)];
    expect(namesOf(monitoringStep, TWO)).toEqual(broken.toSorted());
  });

  it('are named exactly by what is broken, and up mends it', async () => {
    for (const [, script] of Object.entries(monitoringBreaks)) await user.exec('rig1', `set -e\n${script}`);
    const plan = await user.run('plan', '--rehearse', '--json');
    expect(openIds(plan)).toEqual(Object.keys(monitoringBreaks).toSorted());
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, applied: openIds(plan).length });
  });

  it('are missed by name when nobody watches them', async () => {
    const nobody = JSON.stringify({ spec: { selector: { app: 'nobody' } } });
    await kubectl(
      `-n observability patch service kube-prom-stack-prometheus-node-exporter --type merge -p '${nobody}'`,
    );
    const plan = await user.run('plan', '--rehearse', '--json');
    expect(open(plan)).toMatchObject([
      {
        id: 'monitoring/targets@cluster',
        verdict: 'settling',
        because: expect.stringContaining('none of these do: node-exporter of rig1, node-exporter of rig2'),
      },
    ]);
  });

  it('keep data and types when the section leaves the file', async () => {
    user.file(TWO.replace(/monitoring:.*\n/, ''));
    const { summary, problems } = await user.up('--prune');
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect((await user.exec('rig1', 'microk8s helm3 list -A -q')).trim()).toBe('openebs');
    expect(await kubectl('get crd servicemonitors.monitoring.coreos.com -o name')).toContain('servicemonitors');
    expect((await kubectl('-n observability get pvc -o name')).trim().split('\n')).toHaveLength(3);
    expect(await kubectl('-n observability get prometheusrules,servicemonitors -o name')).toBe('');
  });

  it('leave the Service that their operator made, until what docs/monitoring.md says is typed', async () => {
    const named = '-n kube-system get service kube-prom-stack-kube-prome-kubelet --ignore-not-found -o name';
    expect(await kubectl(named)).toBe('service/kube-prom-stack-kube-prome-kubelet\n');
    const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    await kubectl(/^kubectl (.* delete service .*)$/m.exec(page)?.[1] ?? 'not told');
    expect(await kubectl(named)).toBe('');
  });
});
