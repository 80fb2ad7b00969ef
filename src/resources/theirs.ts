import type { Ask, World } from '../engine/types.ts';
import { STAGE_LABEL } from '../kubeflow/overlay.ts';
import { type Script, sh } from '../shell/script.ts';
import { DIGEST_LABEL } from './helm-sight.ts';
import { kubectl } from './kube.ts';
import { DIGEST } from './objects.ts';
import { MANAGED_BY } from './secret-move.ts';

/** What people put into a namespace. Claims are asked for elsewhere, with the pods that use them. */
const TYPES = 'secrets,configmaps,services,ingresses,deployments,statefulsets,daemonsets,jobs,cronjobs,pods';

const note = (of: 'annotations' | 'labels', key: string) => `{.metadata.${of}.${key.replaceAll('.', '\\.')}}`;
/** No values: those of Secrets stay where they are. */
const FIELDS = [
  '{.kind}',
  '{.metadata.name}',
  '{.metadata.ownerReferences[*].kind}',
  '{.type}',
  note('annotations', DIGEST),
  note('labels', MANAGED_BY),
  note('annotations', 'meta.helm.sh/release-name'),
  note('annotations', 'cert-manager.io/certificate-name'),
  // Of the settings for its monitoring that CloudNativePG puts beside a Cluster, without an owner.
  note('annotations', 'cnpg.io/operatorVersion'),
  note('labels', 'name'),
  note('labels', DIGEST_LABEL),
  note('labels', STAGE_LABEL),
];
const ROWS = `jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`;
const RELEASE = 'helm.sh/release.v1';

/**
 * What the cluster, the service mesh and Kubeflow put into namespaces without owning it for sure. facts: ml-platform
 * sheet, 1.10; KF applications/pipeline sync.py
 */
const PLATFORMS: readonly string[] = [
  'ConfigMap kube-root-ca.crt',
  'ConfigMap istio-ca-root-cert',
  'ConfigMap kfp-launcher',
  'ConfigMap metadata-grpc-configmap',
  'ConfigMap artifact-repositories',
  'Secret mlpipeline-minio-artifact',
  'Deployment ml-pipeline-ui-artifact',
  'Service ml-pipeline-ui-artifact',
  'AuthorizationPolicy ns-owner-access-istio',
];

/** What is in a namespace, and who made it: rows for `theirsAmong`. */
export function listIn(namespace: string | Script): Script {
  return sh`${kubectl} -n ${namespace} get ${TYPES} -o ${ROWS}`;
}

/** What is in a namespace, and who made it. */
export function theirsAsk(namespace: string): Ask {
  return { key: `what is in ${namespace}`, on: 'cluster', sh: listIn(namespace), timeoutS: 20 };
}

/** The same, with objects of all types that were brought into the cluster. */
export function allTheirsAsk(namespace: string): Ask {
  const scope = 'jsonpath={range .items[*]}{.spec.scope} {.metadata.name}{"\\n"}{end}';
  const script = sh`
    set -e
    brought=$(${kubectl} get customresourcedefinitions -o ${scope} | awk ${'$1 == "Namespaced" { printf ",%s", $2 }'})
    ${kubectl} -n ${namespace} get ${TYPES}"$brought" -o ${ROWS}
  `;
  return { key: `all that is in ${namespace}`, on: 'cluster', sh: script, timeoutS: 60 };
}

/**
 * What somebody else put into that namespace, claims left out: not mlk8s, nor a release that it installed, Kubernetes, or
 * what looks after objects by owning them. `ConfigMap redis/mine` each. Undefined: the API does not list it. The answer is that
 * to `theirsAsk`, or the one whose `key` is given.
 */
export function theirsIn(
  namespace: string,
  world: World,
  { key } = theirsAsk(namespace),
): readonly string[] | undefined {
  const answer = world.answer('cluster', key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  return theirsAmong(namespace, answer.text.split('\n'));
}

/** The same of the rows that `listIn` prints. */
export function theirsAmong(namespace: string, lines: readonly string[]): readonly string[] {
  const rows = lines.flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  const ours = new Set(rows.flatMap((row) => (row[3] === RELEASE && row[10] ? [row[9]] : [])));
  const isTheirs = (row: string[]) => {
    const [kind, name, owners, type, digest, managedBy, release, certificate, operator] = row;
    if (owners || digest || certificate || operator || row[11] || type === RELEASE) return false;
    if (PLATFORMS.includes(`${kind} ${name}`)) return false;
    return managedBy !== 'mlk8s' && !(release && ours.has(release));
  };
  return rows.filter(isTheirs).map(([kind, name]) => `${kind} ${namespace}/${name}`);
}
