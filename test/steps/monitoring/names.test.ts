import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import { monitoringStep } from '../../../src/steps/monitoring/index.ts';
import { cluster, node } from '../../resources/world.ts';

const monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
const network = { domain: 'home.arpa', ingress: true, tls: true };
const file = (more: Partial<Cluster>) =>
  cluster([node('rig1', { role: 'control-plane' })], {
    storage: { openebs: true, hostpath: false },
    monitoring,
    ...more,
  });
const specOf = <T>(of: Cluster, id: string) => monitoringStep.resources(of).find((it) => it.id === id)?.spec as T;

interface Values {
  readonly prometheus: { readonly prometheusSpec: { readonly externalUrl?: string } };
  readonly alertmanager: { readonly alertmanagerSpec: { readonly externalUrl?: string } };
}
const links = (of: Cluster) => {
  const values = specOf<HelmReleaseSpec>(of, 'monitoring/stack@cluster').values as unknown as Values;
  return [values.prometheus.prometheusSpec.externalUrl, values.alertmanager.alertmanagerSpec.externalUrl];
};

describe('links in mails and messages', () => {
  it.each<[network: Cluster['network'], found: unknown[]]>([
    [network, ['https://prometheus.home.arpa', 'https://alertmanager.home.arpa']],
    [{ ...network, tls: false }, ['http://prometheus.home.arpa', 'http://alertmanager.home.arpa']],
    [{ ...network, ingress: false }, [undefined, undefined]],
    [undefined, [undefined, undefined]],
  ])('lead to names that browsers find: %j', (of, found) => {
    expect(links(file(of ? { network: of } : {}))).toEqual(found);
  });
});

describe('certificates of cert-manager', () => {
  const objects = (of: Cluster) =>
    specOf<{ objects: readonly KubeManifest[] }>(of, 'monitoring/rules@cluster').objects.map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );
  const usual = ['PrometheusRule mlk8s', 'Probe mlk8s-api'];

  it('are watched where it issues some, from whatever namespace', () => {
    expect(objects(file({ network }))).toEqual([...usual, 'PodMonitor mlk8s-cert-manager']);
    expect(objects(file({ network: { ...network, tls: false } }))).toEqual(usual);
    expect(objects(file({}))).toEqual(usual);
    const text = readFileSync(new URL('../../../templates/monitoring/cert-manager.yaml', import.meta.url), 'utf8');
    expect(text).toContain('matchNames: [cert-manager]');
    // Else the namespace in the alert would be that of cert-manager itself.
    expect(text).toContain('honorLabels: true');
  });
});
