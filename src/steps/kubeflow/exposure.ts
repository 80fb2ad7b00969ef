import { mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id, Service } from '../../engine/types.ts';
import { componentsOf } from '../../kubeflow/components.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { emailOf, loginOf, stageId, usersOf } from './names.ts';

/** That people get in. The Ingress of the step network comes after it. */
export const WAY_IN: Id = 'kubeflow/way-in@cluster';

/** Who answers there: without one of them people see an error. */
const BEHIND = ['istio', 'gateway', 'oauth2-proxy', 'dex', 'dashboard'].map(stageId);

/** Namespaces that let in nobody from outside, and what brings the last of them. */
const CLOSED = ['kubeflow', 'kubeflow-system', 'istio-system', 'oauth2-proxy', 'auth'];
const CLOSED_WITH_SERVING = ['knative-serving'];

/** What Kubeflow's own policies would keep out, although it is asked for. facts: ml-platform sheet, 1.7 and 1.9 */
export function exposure(file: Cluster): Declared[] {
  const { gateway } = policies();
  return [
    manifest({ id: WAY_IN, on: 'cluster', needs: BEHIND, objects: [gateway] }),
    ...(file.monitoring ? [scrape(file)] : []),
  ];
}

function policies(): Record<'gateway' | 'scrape', KubeManifest> {
  return templateData('kubeflow/policies.yaml') as unknown as Record<'gateway' | 'scrape', KubeManifest>;
}

function scrape(file: Cluster): Declared {
  const serves = componentsOf(file.kubeflow?.components ?? 'minimal').includes('serving');
  const { scrape: policy } = policies();
  const namespaces = [...CLOSED, ...(serves ? CLOSED_WITH_SERVING : [])];
  return manifest({
    ...{ id: 'kubeflow/scrape@cluster', on: 'cluster' },
    needs: [...BEHIND, ...(serves ? [stageId('knative')] : [])],
    objects: namespaces.map((namespace) => mergeValues(policy, { metadata: { namespace } }) as KubeManifest),
  });
}

/** The gateway of the service mesh. Each user has a login of their own. */
export function services(file: Cluster): Service[] {
  const users = usersOf(file).map((user) => {
    const { namespace, name, key } = loginOf(user.name);
    return { secret: name, user: emailOf(file, user), passwordKey: key, namespace };
  });
  return [
    {
      ...{ name: 'kubeflow', namespace: 'istio-system', service: 'istio-ingressgateway', port: 80, web: true },
      broughtBy: WAY_IN,
      // nginx, which tracks before 1.35 have, takes no file of more than 1 MiB; people upload data into notebooks.
      annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '0' },
      users,
    },
  ];
}
