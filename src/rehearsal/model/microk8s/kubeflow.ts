import type { KubeObject } from '../state.ts';
import { isJson, type Json } from './merge.ts';
import { rollout } from './pods.ts';
import { clusterOf, type Site } from './site.ts';
import { KubeStore, type Manifest, stamp } from './store.ts';
import { View } from './view.ts';

/** What the controllers of Kubeflow make of Profiles, Notebooks and Workflows (sheet ml-platform 1.10). Times (i). */

const NAMESPACE = 'kubeflow';
/** Seconds that each program of a Workflow takes. */
const RUN_S = 30;

/** What its namespace gets besides (KF applications/profiles, namespace-labels). */
const LABELS = {
  'app.kubernetes.io/part-of': 'kubeflow-profile',
  'istio-injection': 'enabled',
  'katib.kubeflow.org/metrics-collector-injection': 'enabled',
  'pipelines.kubeflow.org/enabled': 'true',
  'pod-security.kubernetes.io/enforce': 'baseline',
  'serving.kubeflow.org/inferenceservice': 'enabled',
};

const isOf = (kind: string, group: string) => (object: KubeObject) =>
  object.kind === kind && object.apiVersion.startsWith(`${group}/`);

/** Lets the controllers do what they did since the last look. */
export function serveKubeflow(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  const all = Object.values(cluster?.objects ?? {});
  const asked = {
    'profiles-deployment': [all.filter(isOf('Profile', 'kubeflow.org')), reconcileProfile],
    'notebook-controller-deployment': [all.filter(isOf('Notebook', 'kubeflow.org')), reconcileNotebook],
    'workflow-controller': [all.filter(isOf('Workflow', 'argoproj.io')), reconcileWorkflow],
  } as const;
  if (!cluster) return;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  for (const [controller, [objects, reconcile]] of Object.entries(asked)) {
    if (objects.length === 0) continue;
    const pods = view.store.find(view.store.kind('deployments'), NAMESPACE, controller);
    if (pods && rollout(view, pods).ready > 0) for (const one of objects) reconcile(view, one);
  }
}

const specOf = ({ spec }: KubeObject): Json => (isJson(spec) ? spec : {});

/** The object as its controller wants it, owned by what it is made of. */
function keep({ store }: View, owner: KubeObject, manifest: Manifest): void {
  const { apiVersion, kind, metadata } = owner;
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }];
  store.apply({ ...manifest, metadata: { ...manifest.metadata, ...{ ownerReferences } } }, { serverSide: true });
}

/** It looks after no namespace whose owner is another one, and never changes who that is (sheet 1.10; KF profile_controller.go). */
function reconcileProfile(view: View, profile: KubeObject): void {
  const { owner, resourceQuotaSpec } = specOf(profile) as {
    owner?: { kind: string; name: string };
    resourceQuotaSpec?: { hard?: Json };
  };
  const { name } = profile.metadata;
  const rbac = 'rbac.authorization.k8s.io';
  const email = owner?.name ?? '';
  const { store } = view;
  const namespace = store.find(store.kind('namespaces'), '', name);
  if (namespace && namespace.metadata.annotations?.owner !== email) {
    const message = `namespace already exist, but not owned by profile creator ${email}`;
    store.replace({ ...profile, status: { conditions: [{ type: 'Failed', status: 'True', message }] } });
    return;
  }
  keep(view, profile, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: LABELS, annotations: { owner: email } },
  });
  for (const account of ['default-editor', 'default-viewer'])
    keep(view, profile, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: name } });
  keep(view, profile, {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'namespaceAdmin', namespace: name, annotations: { user: email, role: 'admin' } },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'kubeflow-admin' },
    subjects: [{ apiGroup: rbac, ...owner }],
  });
  const quota = store.find(store.kind('resourcequotas'), name, 'kf-resource-quota');
  if (resourceQuotaSpec?.hard) {
    const metadata = { name: 'kf-resource-quota', namespace: name };
    keep(view, profile, { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: resourceQuotaSpec });
  } else if (quota) store.remove(quota);
  store.replace({ ...profile, status: { conditions: [{ type: 'Successful', status: 'True' }] } });
}

function reconcileNotebook(view: View, notebook: KubeObject): void {
  const { name, namespace = '', annotations = {} } = notebook.metadata;
  const { template } = specOf(notebook) as { template?: { spec?: Json } };
  const labels = { statefulset: name, 'notebook-name': name };
  const replicas = annotations['kubeflow-resource-stopped'] === undefined ? 1 : 0;
  const metadata = { name, namespace };
  keep(view, notebook, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      ...{ replicas, serviceName: name, selector: { matchLabels: { statefulset: name } } },
      template: { metadata: { labels }, spec: template?.spec ?? {} },
    },
  });
  const ports = [{ name: `http-${name}`, port: 80, targetPort: 8888 }];
  keep(view, notebook, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports, selector: { statefulset: name } },
  });
  const { store } = view;
  const set = store.find(store.kind('statefulsets'), namespace, name);
  const readyReplicas = set ? rollout(view, set).ready : 0;
  const state = readyReplicas > 0 ? { running: {} } : { waiting: { reason: 'PodInitializing' } };
  store.replace({ ...notebook, status: { readyReplicas, containerState: state } });
}

/** Its programs run one after the other and end well, unless the fault `podfails` names it. */
function reconcileWorkflow(view: View, workflow: KubeObject): void {
  const { phase } = (workflow.status ?? {}) as { phase?: string };
  if (phase === 'Succeeded' || phase === 'Failed') return;
  const { templates = [] } = specOf(workflow) as { templates?: { container?: unknown }[] };
  const programs = Math.max(1, templates.filter(({ container }) => container !== undefined).length);
  const startedAt = Date.parse(workflow.metadata.creationTimestamp);
  const isOver = view.now >= startedAt + programs * RUN_S * 1000;
  const fails = view.nodes().some((node) => view.podFails(node, workflow.metadata.name));
  const end = fails ? 'Failed' : 'Succeeded';
  const finished = isOver ? { finishedAt: stamp(view.now) } : {};
  const status = { phase: isOver ? end : 'Running', startedAt: stamp(startedAt), ...finished };
  view.store.replace({ ...workflow, status });
}
