import { expect, it } from 'vitest';
import type { ManifestSpec } from '../../../src/resources/manifest.ts';
import { steps } from '../../../src/steps/index.ts';
import { kubeflowStep } from '../../../src/steps/kubeflow/index.ts';
import { namesByKubectl } from '../../real-tools.ts';
import { file, NETWORK, objectsOf, resourceOf } from './people.ts';

const monitoring = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
const network = (of: ReturnType<typeof file>, name: string) =>
  steps.flatMap((step) => step.resources(of)).find(({ id }) => id === `network/${name}`);

it('lets everybody to the gateway, on its two ports only', () => {
  expect(objectsOf(file(), 'way-in')).toMatchObject([
    {
      kind: 'NetworkPolicy',
      metadata: { namespace: 'istio-system' },
      spec: {
        podSelector: { matchLabels: { app: 'istio-ingressgateway' } },
        ingress: [{ ports: [{ port: 8080 }, { port: 8443 }] }],
      },
    },
  ]);
  expect(JSON.stringify(objectsOf(file(), 'way-in'))).not.toContain('"from"');
});

it('has a name with a certificate, once somebody answers behind it', () => {
  const ingress = network(file(), 'ingress-kubeflow@cluster');
  expect(ingress?.needs).toContain('kubeflow/way-in@cluster');
  expect((ingress?.spec as unknown as ManifestSpec | undefined)?.objects).toMatchObject([
    {
      metadata: {
        ...{ name: 'mlk8s-kubeflow', namespace: 'istio-system' },
        annotations: {
          'cert-manager.io/cluster-issuer': 'mlk8s-ca',
          'nginx.ingress.kubernetes.io/proxy-body-size': '0',
        },
      },
      spec: {
        rules: [{ host: 'kubeflow.lab', http: { paths: [{ backend: { service: { port: { number: 80 } } } }] } }],
        tls: [{ hosts: ['kubeflow.lab'] }],
      },
    },
  ]);
  expect(resourceOf(file(), 'way-in').needs).toEqual(
    expect.arrayContaining(['kubeflow/dex@cluster', 'kubeflow/dashboard@cluster']),
  );
  expect(network(file({}, { network: { ...NETWORK, ingress: false } }), 'ingress-kubeflow@cluster')).toBeUndefined();
});

it('lets Prometheus, and only that, into each namespace that keeps others out', () => {
  const namespaces = (of: ReturnType<typeof file>) => objectsOf(of, 'scrape').map((it) => it.metadata.namespace);
  expect(() => objectsOf(file(), 'scrape')).toThrow();
  expect(namespaces(file({}, { monitoring }))).not.toContain('knative-serving');
  expect(namespaces(file({ components: ['serving'] }, { monitoring }))).toContain('knative-serving');
  expect(objectsOf(file({}, { monitoring }), 'scrape')[0]).toMatchObject({
    spec: { ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: {} } }] }] },
  });
});

it('shows everybody who logs in, and where their passwords are', () => {
  expect(kubeflowStep.services?.(file())).toMatchObject([
    {
      ...{ name: 'kubeflow', namespace: 'istio-system', service: 'istio-ingressgateway', port: 80, web: true },
      users: [
        { user: 'anna@lab', namespace: 'auth', secret: 'kubeflow-login-anna', passwordKey: 'password' },
        { user: 'Ben@home.lab', namespace: 'auth', secret: 'kubeflow-login-ben-2', passwordKey: 'password' },
      ],
    },
  ]);
});

it('is what the real kubectl can read', () => {
  const of = file({ components: 'full' }, { monitoring });
  const objects = ['way-in', 'scrape', 'limits-anna'].flatMap((name) => objectsOf(of, name));
  const names = namesByKubectl(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  expect(names).toHaveLength(objects.length);
});
