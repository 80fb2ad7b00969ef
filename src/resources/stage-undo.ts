import type { Recorded, Verdict, World } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { claimsOf } from './claims.ts';
import { kubectl, NAMESPACE } from './kube.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { listOf } from './objects.ts';
import { deletion } from './stage-move.ts';
import { type StageObject, stagesOf, unseen } from './stage-sight.ts';
import { gone, stays } from './stays.ts';

/** Seconds until what is deleted together must be gone: what looks after it may clean up first. */
const GONE_S = 300;

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
  const names = kept.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  if (drop.length === 0 && kept.length > 0) return stays(`${names}: data is never removed`);
  const isHook = ({ kind }: StageObject) => kind.endsWith('WebhookConfiguration');
  const order = [
    drop.filter(isHook),
    drop.filter((object) => !isHook(object) && ![TYPE, 'Namespace'].includes(object.kind)),
    drop.filter(({ kind }) => kind === TYPE),
    drop.filter(({ kind }) => kind === 'Namespace'),
  ].filter((group) => group.length > 0);
  // The receipt knows what is left of it: it goes last.
  const run = lines(
    ...order.map((group) => deletion(listed(group), `--timeout=${GONE_S}s`)),
    ...(kept.length > 0 ? [] : [forget(stage)]),
  );
  const does = `delete the ${drop.length} objects of ${title}${kept.length > 0 ? `, but for ${names}` : ''}`;
  const deadlineS = order.length * GONE_S + 60;
  return { verdict: 'change', because: 'applied by mlk8s', moves: [{ does, on: it.on, run, deadlineS }] };
}

function listed(objects: readonly StageObject[]): Script {
  const items = objects.map(({ apiVersion, kind, namespace, name }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  }));
  return sh`printf %s ${listOf(items)}`;
}

function forget(stage: string): Script {
  return sh`${kubectl} -n ${NAMESPACE} delete configmap ${`stage-${stage}`} --ignore-not-found`;
}
