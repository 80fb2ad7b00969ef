import { readFileSync } from 'node:fs';
import type { Declared } from '../../engine/types.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templatePath } from '../../templates.ts';
import { CRDS, NAMESPACE } from './names.ts';

const NAMES = ['machines', 'gpus', 'storage'] as const;

/** Grafana's sidecar takes every ConfigMap with this label. facts: monitoring-and-cost sheet, 1.3 */
const LABEL = { grafana_dashboard: '1' };

/** Dashboards of mlk8s besides those of the chart. */
export function dashboards(): Declared {
  return manifest({
    id: 'monitoring/dashboards@cluster',
    on: 'cluster',
    needs: [CRDS],
    objects: NAMES.map(dashboard),
  });
}

function dashboard(name: (typeof NAMES)[number]): KubeManifest {
  const json = readFileSync(templatePath('monitoring/dashboards', `${name}.json`), 'utf8');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `mlk8s-dashboard-${name}`, namespace: NAMESPACE, labels: LABEL },
    // One line: it is kept in the inventory, too.
    data: { [`${name}.json`]: JSON.stringify(JSON.parse(json)) },
  };
}
