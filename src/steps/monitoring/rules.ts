import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { BLACKBOX } from './exporters.ts';
import { NAMESPACE, RELEASE, STACK } from './names.ts';

/** Port of the Kubernetes API of MicroK8s. */
const API_PORT = 16443;

/** Rules for a home lab, and whom Prometheus asks about certificates. facts: monitoring-and-cost sheet, 2.3 */
export function rules(file: Cluster): Declared {
  const certManager = file.network?.tls ? [templateData('monitoring/cert-manager.yaml') as KubeManifest] : [];
  return manifest({
    id: 'monitoring/rules@cluster',
    on: 'cluster',
    // The operator's webhook looks at rules before they are taken.
    needs: [STACK, BLACKBOX],
    objects: [templateData('monitoring/rules.yaml') as KubeManifest, probe(file), ...certManager],
  });
}

function probe({ nodes }: Cluster): KubeManifest {
  const planes = nodes.filter(({ role }) => role === 'control-plane');
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Probe',
    metadata: { name: 'mlk8s-api', namespace: NAMESPACE, labels: { release: RELEASE } },
    spec: {
      jobName: 'mlk8s-api',
      interval: '2m',
      module: 'tls',
      prober: { url: `blackbox-exporter.${NAMESPACE}.svc:9115` },
      targets: { staticConfig: { static: planes.map(({ address }) => `${address}:${API_PORT}`) } },
    },
  };
}
