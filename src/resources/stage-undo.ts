import type { Move, Recorded, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { claimsOf } from './claims.ts';
import { kubectl, NAMESPACE } from './kube.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { listOf } from './objects.ts';
import { type StageObject, stagesOf, unseen } from './stage-sight.ts';
import { gone, stays } from './stays.ts';

/** Seconds until what is being removed must be gone. */
const GONE_S = 600;

const TYPE = 'CustomResourceDefinition';

/**
 * Webhooks first: without their pods they keep everybody from deleting anything. Then the rest in reverse, types behind
 * what is of them, namespaces last. Claims stay, and the namespaces that they are in. facts: ml-platform sheet, 1.11
 */
export function undoStage(it: Recorded<KustomizeStageSpec>, world: World): Verdict {
  const { stage, title } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  const stages = stagesOf(world);
  const claims = claimsOf(world);
  if (!stages || !claims) return unseen(world);
  const receipt = stages.receipt(stage);
  if (!receipt) return gone(`${title} is not installed`);
  const held = new Set(claims.map(({ namespace }) => namespace));
  const isData = ({ kind, name }: StageObject) =>
    kind === 'PersistentVolumeClaim' || (kind === 'Namespace' && held.has(name));
  const missing = new Set(stages.missing(stage));
  const left = receipt.objects.filter((object) => !missing.has(object));
  const drop = left.filter((object) => !isData(object)).reverse();
  const kept = left.filter(isData);
  if (drop.length === 0) {
    if (kept.length === 0) return forget(it);
    return stays(`${kept.map(({ kind, name }) => `${kind} ${name}`).join(', ')}: data is never removed`);
  }
  const isHook = ({ kind }: StageObject) => kind.endsWith('WebhookConfiguration');
  const order = [
    drop.filter(isHook),
    drop.filter((object) => !isHook(object) && ![TYPE, 'Namespace'].includes(object.kind)),
    drop.filter(({ kind }) => kind === TYPE),
    drop.filter(({ kind }) => kind === 'Namespace'),
  ].filter((group) => group.length > 0);
  const run = { bash: order.map((group) => deletion(group).bash).join('\n') };
  const does = `delete the ${drop.length} objects of ${title}`;
  return { verdict: 'change', because: 'applied by mlk8s', moves: [{ does, on: it.on, run, deadlineS: GONE_S + 60 }] };
}

function deletion(objects: readonly StageObject[]): Script {
  const list = objects.map(({ apiVersion, kind, namespace, name }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  }));
  return sh`printf %s ${listOf(list)} | ${kubectl} delete --ignore-not-found --timeout=${`${GONE_S}s`} -f -`;
}

/** The receipt goes when nothing else is left. */
function forget(it: Recorded<KustomizeStageSpec>): Verdict {
  const run = sh`${kubectl} -n ${NAMESPACE} delete configmap ${`stage-${it.spec.stage}`} --ignore-not-found`;
  const moves: Move[] = [{ does: `forget ${it.spec.title}`, on: it.on, run, deadlineS: 60 }];
  return { verdict: 'change', because: 'all of its objects are gone', moves };
}
