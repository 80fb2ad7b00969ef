import { chartOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Id, Load } from '../../engine/types.ts';
import { loneStack } from '../../resources/lone-stack.ts';
import { manifest } from '../../resources/manifest.ts';
import { scrapeTargets } from '../../resources/scrape-targets.ts';
import { secret } from '../../resources/secret.ts';
import { typesOwner } from '../../resources/types-owner.ts';
import { templateData } from '../../templates.ts';
import { nameOf } from '../network/names.ts';
import { release } from '../release.ts';
import { alertmanagerValues, alertResources } from './alerts.ts';
import { CRDS, NAMESPACE, RELEASE, SERVICES, STACK } from './names.ts';

export type Monitoring = NonNullable<Cluster['monitoring']>;

/** Seconds until its pods are ready: six images over the line of a home, and three volumes. */
const READY_S = 1500;
/** GiB of the volumes besides that of Prometheus. facts: platform sheet, 3 */
const GIB = { grafana: 10, alertmanager: 2 };
/** Part of its volume that Prometheus fills, in percent: the rest is for what it has not sorted yet. monitoring-and-cost sheet, 1.3 */
const FILLED = 80;

/** Login of Grafana: what mlk8s makes once. */
export const LOGIN = { secret: 'grafana-admin', user: 'admin', passwordKey: 'admin-password' } as const;
const GRAFANA_CLAIM = 'grafana-data';
const LONE: Id = 'monitoring/lone-stack@cluster';
const OWNER: Id = 'monitoring/types-owner@cluster';
const TYPES = { release: 'prometheus-operator-crds', namespace: NAMESPACE };
const LOGIN_ID: Id = 'monitoring/grafana-admin@cluster';
const CLAIM_ID: Id = 'monitoring/grafana-data@cluster';

/** Prometheus, Alertmanager and Grafana, and the check that all machines are watched. */
export function stack(file: Cluster, monitoring: Monitoring): Declared[] {
  const className = classOf(file);
  const alerts = alertResources(file, NAMESPACE);
  return [
    ...alerts,
    loneStack({ id: LONE, on: 'cluster', needs: ['microk8s/member@*'], namespace: NAMESPACE, release: RELEASE }),
    typesOwner({ id: OWNER, on: 'cluster', needs: [LONE], group: 'monitoring.coreos.com', ...TYPES }),
    release(file, 'prometheus-operator-crds', {
      id: CRDS,
      needs: [OWNER],
      ...TYPES,
      values: templateData('monitoring/crds.yaml'),
      readyS: READY_S,
    }),
    secret({
      id: LOGIN_ID,
      on: 'cluster',
      needs: [CRDS],
      namespace: NAMESPACE,
      name: LOGIN.secret,
      fixed: { 'admin-user': LOGIN.user },
      generated: [LOGIN.passwordKey],
      // Grafana writes the password into its database when it first starts, and never reads it again.
      knownTo: GRAFANA_CLAIM,
    }),
    manifest({
      id: CLAIM_ID,
      on: 'cluster',
      needs: [CRDS, 'storage/default-class@cluster'],
      objects: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: GRAFANA_CLAIM, namespace: NAMESPACE },
          spec: claimOf(className, GIB.grafana),
        },
      ],
    }),
    release(file, 'kube-prometheus-stack', {
      id: STACK,
      needs: [CRDS, LOGIN_ID, CLAIM_ID, ...alerts.map(({ id }) => id)],
      release: RELEASE,
      namespace: NAMESPACE,
      values: valuesOf(file, monitoring),
      readyS: READY_S,
    }),
    scrapeTargets({
      id: 'monitoring/targets@cluster',
      on: 'cluster',
      needs: [STACK],
      namespace: NAMESPACE,
      service: SERVICES.prometheus,
      machines: file.nodes.map(({ name }) => name),
      jobs: ['apiserver', 'coredns', 'kube-state-metrics', SERVICES.alertmanager],
    }),
  ];
}

/** Where its volumes are. The file is refused when it has no section storage. */
function classOf({ storage }: Cluster): string {
  return storage ? defaultClass(storage) : '';
}

function valuesOf(file: Cluster, { retentionDays, sizeGi }: Monitoring): Data {
  const className = classOf(file);
  const volume = (gi: number): Data => ({ volumeClaimTemplate: { spec: claimOf(className, gi) } });
  const prometheusSpec = {
    retention: `${retentionDays}d`,
    retentionSize: `${Math.floor((sizeGi * 1024 * FILLED) / 100)}MiB`,
    storageSpec: volume(sizeGi),
    ...linked(file, 'prometheus'),
  };
  const ofFile: Data = {
    prometheus: { prometheusSpec },
    alertmanager: { alertmanagerSpec: { storage: volume(GIB.alertmanager), ...linked(file, 'alertmanager') } },
    grafana: { persistence: { existingClaim: GRAFANA_CLAIM } },
    // Who does not let mlk8s keep the clocks right has his own way to see whether they are.
    ...(file.node.timeSync ? {} : { defaultRules: { disabled: { NodeClockNotSynchronising: true } } }),
  };
  return [alertmanagerValues(file), ofFile].reduce(mergeValues, templateData('monitoring/values.yaml'));
}

/** What links in mails and messages lead to; without it, to a name that only pods know. */
function linked(file: Cluster, service: 'prometheus' | 'alertmanager'): Data {
  const name = nameOf(file, service);
  return name ? { externalUrl: name.url } : {};
}

function claimOf(storageClassName: string, gi: number): Data {
  return { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: `${gi}Gi` } } };
}

/** What its pods ask for, with their volumes. */
export function stackLoad({ sizeGi }: Monitoring): Load {
  const disk = sizeGi + GIB.grafana + GIB.alertmanager;
  return { name: 'Prometheus', ...chartOf('kube-prometheus-stack').requests, disk };
}
