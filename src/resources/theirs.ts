import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
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
];
const ROWS = `jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`;
const RELEASE = 'helm.sh/release.v1';

/** What is in a namespace, and who made it. */
export function theirsAsk(namespace: string): Ask {
  const script = sh`${kubectl} -n ${namespace} get ${TYPES} -o ${ROWS}`;
  return { key: `what is in ${namespace}`, on: 'cluster', sh: script, timeoutS: 20 };
}

/**
 * What somebody else put into that namespace, claims left out: not mlk8s, nor a release that it installed, Kubernetes, or
 * what looks after objects by owning them. `ConfigMap redis/mine` each. Undefined: the API does not list it.
 */
export function theirsIn(namespace: string, world: World): readonly string[] | undefined {
  const answer = world.answer('cluster', theirsAsk(namespace).key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const rows = answer.text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  const ours = new Set(rows.flatMap((row) => (row[3] === RELEASE && row[10] ? [row[9]] : [])));
  const isTheirs = ([kind, name, owners, type, digest, managedBy, release, certificate, operator]: string[]) => {
    if (owners || digest || certificate || operator || type === RELEASE) return false;
    if (kind === 'ConfigMap' && name === 'kube-root-ca.crt') return false;
    return managedBy !== 'mlk8s' && !(release && ours.has(release));
  };
  return rows.filter(isTheirs).map(([kind, name]) => `${kind} ${namespace}/${name}`);
}
