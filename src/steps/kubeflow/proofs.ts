import { imageOf } from '../../charts/catalogue.ts';
import { type Data, digestOf, mergeValues } from '../../charts/values.ts';
import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Declared, Json } from '../../engine/types.ts';
import { componentsOf } from '../../kubeflow/components.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { PROOF_NAMESPACE } from '../../resources/proof-moves.ts';
import { templateData } from '../../templates.ts';
import { WAY_IN } from './exposure.ts';
import { emailOf, loginOf, namespaceOf, stageId, userId, usersOf } from './names.ts';
import { releaseOf } from './source.ts';

/** Seconds until a pod must have ended, its image of more than a GiB included. It looks for 45 minutes itself. */
const TIMEOUT_S = 3600;

/** Where pods of the cluster find the gateway, as `curl --connect-to` takes it. */
const GATEWAY = 'istio-ingressgateway.istio-system.svc.cluster.local:80';
const LOGIN_FOLDER = '/login';

type Part = 'pod' | 'loginVolume' | 'run' | 'notebook' | 'container' | 'policy' | 'onCard' | 'card';
type Script = 'login' | 'dashboard' | 'pipeline' | 'serves';
const template = () => templateData('kubeflow/proofs.yaml') as unknown as Record<Part, Data> & Record<Script, string>;

/** That people get in, that notebooks start, and compute where there is a card, and that pipelines run. */
export function proofs(file: Cluster): Declared[] {
  const hasPipelines = componentsOf(file.kubeflow?.components ?? 'minimal').includes('pipelines');
  return [
    login(file),
    ...(hasPipelines ? [pipeline(file)] : []),
    notebook(file),
    ...(file.gpu ? file.nodes.map((node) => onCard(file, node)) : []),
  ];
}

function login(file: Cluster): Declared {
  const expect = 'the dashboard knows who logged in';
  const { login: logIn, dashboard } = template();
  return asUser(file, 'login', {
    what: 'the first user logs in through the gateway, and the dashboard shows their namespace',
    needs: [WAY_IN],
    script: `${logIn}${dashboard}`,
    expect,
  });
}

function pipeline(file: Cluster): Declared {
  const { login: logIn, pipeline: runs, run } = template();
  const text = JSON.stringify(run).replace('"image":""', `"image":${JSON.stringify(imageOf('busybox'))}`);
  return asUser(file, 'pipeline', {
    what: 'a pipeline of the first user runs to its end',
    needs: [WAY_IN, stageId('pipelines')],
    script: `${logIn}${runs}`,
    expect: 'the run succeeded',
    env: { RUN: text },
  });
}

interface Trial {
  readonly what: string;
  readonly needs: Declared['needs'];
  readonly script: string;
  /** What is said at its end, in plain words. */
  readonly expect: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** By a pod that has the password of the first user. */
function asUser(file: Cluster, name: string, { what, needs, script, expect, env = {} }: Trial): Declared {
  const [user] = usersOf(file);
  const secret = loginOf(user.name);
  const variables = { GATEWAY, LOGIN: LOGIN_FOLDER, EMAIL: emailOf(file, user), NAMESPACE: namespaceOf(user.name) };
  const volume = mergeValues(template().loginVolume, { secret: { secretName: secret.name } });
  const pod = tryingPod(`kubeflow-${name}`, `${script}echo '${expect}'\n`, { ...variables, ...env }, [volume]);
  return proof({
    ...{ id: `kubeflow/proof-${name}@cluster`, on: 'cluster', needs: [...needs, userId(user.name)] },
    ...{ what, node: 'cluster', expect, timeoutS: TIMEOUT_S },
    inputs: { release: releaseOf(file).version },
    objects: [pod],
    pod: pod.metadata.name,
    secrets: [{ namespace: secret.namespace, name: secret.name }],
  });
}

function tryingPod(
  name: string,
  script: string,
  env: Readonly<Record<string, string>>,
  volumes: readonly Data[],
  affinity: Data = {},
): KubeManifest {
  const container = {
    ...{ name: 'proof', image: imageOf('notebook'), command: ['sh', '-c', script] },
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ...(volumes.length > 0 ? { volumeMounts: [{ name: 'login', mountPath: LOGIN_FOLDER, readOnly: true }] } : {}),
  };
  const spec = { ...affinity, containers: [container], ...(volumes.length > 0 ? { volumes } : {}) };
  return mergeValues(template().pod, { metadata: { name }, spec }) as KubeManifest;
}

function notebook(file: Cluster): Declared {
  return started(file, {
    ...{ name: 'kubeflow-notebook', place: 'cluster', needs: [stageId('notebooks')] },
    what: 'a notebook starts, in the service mesh, and answers',
    spec: {},
    resources: {},
  });
}

/** On each machine; on one without a card there is nothing to prove. */
function onCard(file: Cluster, { name: node }: ClusterNode): Declared {
  const { onCard: below, card } = template();
  const first = { name: 'computes', image: imageOf('cuda-sample'), resources: card };
  return started(file, {
    // The names of machines may be longer than that of a notebook.
    ...{ name: `kubeflow-card-${digestOf(node).slice(0, 8)}`, place: node },
    needs: [stageId('notebooks'), `gpu/allocatable@${node}`],
    what: `the pod of a notebook computes on a card of ${node}`,
    spec: { ...below, nodeSelector: { 'kubernetes.io/hostname': node }, initContainers: [first] },
    resources: card,
  });
}

interface Notebook {
  readonly name: string;
  /** A machine, or `cluster`. */
  readonly place: string;
  readonly needs: Declared['needs'];
  readonly what: string;
  /** More of its pod, and of what its program may have. */
  readonly spec: Data;
  readonly resources: Json;
}

function started(file: Cluster, { name, place, needs, what, spec, resources }: Notebook): Declared {
  const { notebook: below, container, policy, serves } = template();
  const expect = 'the notebook answers';
  const program = mergeValues(container, { name, image: imageOf('notebook'), resources });
  const url = `http://${name}.${PROOF_NAMESPACE}.svc.cluster.local/notebook/${PROOF_NAMESPACE}/${name}/api`;
  const selector = { matchLabels: { 'notebook-name': name } };
  // Where the notebook is, its image is, too.
  const beside = { labelSelector: selector, topologyKey: 'kubernetes.io/hostname' };
  const affinity = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [beside] } } };
  const tolerations = spec.tolerations === undefined ? {} : { tolerations: spec.tolerations };
  const pod = tryingPod(`${name}-asks`, `${serves}echo '${expect}'\n`, { URL: url }, [], {
    ...affinity,
    ...tolerations,
  });
  return proof({
    ...{ id: `kubeflow/proof-notebook@${place}`, on: 'cluster', needs },
    ...{ what, node: place, expect, timeoutS: TIMEOUT_S },
    inputs: { release: releaseOf(file).version },
    objects: [
      mergeValues(policy, { metadata: { name }, spec: { selector } }) as KubeManifest,
      mergeValues(below, {
        metadata: { name },
        spec: { template: { spec: { ...spec, containers: [program] } } },
      }) as KubeManifest,
      pod,
    ],
    pod: pod.metadata.name,
    ...(place === 'cluster' ? {} : { needsCard: true as const }),
  });
}
