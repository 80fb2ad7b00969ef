import type { Recorded, Verdict, World } from '../engine/types.ts';
import { takerOf } from '../kubeflow/releases.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { claimsOf } from './claims.ts';
import { kubectl } from './kube.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { CLAIM, unseen } from './manifest.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { listOf } from './objects.ts';
import { someOf } from './some.ts';
import { heldByProfile } from './stage-claims.ts';
import { instancesOf } from './stage-instances.ts';
import { deletion } from './stage-move.ts';
import { dropReceipt, writeReceipt } from './stage-receipt.ts';
import { type StageObject, stagesOf, unseenStages } from './stage-sight.ts';
import { besidesOf } from './stage-theirs.ts';
import { gone, stays } from './stays.ts';

/** Seconds until what is deleted together must be gone: what looks after it may clean up first. */
const GONE_S = 300;

const TYPE = 'CustomResourceDefinition';

/**
 * Webhooks first: without their pods they keep everybody from deleting anything. Then what others made of its types, the
 * rest in reverse, the types themselves, namespaces last. Claims stay, and the namespaces that they are in. facts: ml-platform sheet, 1.11
 */
export function undoStage(it: Recorded<KustomizeStageSpec>, world: World): Verdict {
  const { stage, title } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  const stages = stagesOf(world);
  const claims = claimsOf(world);
  const instances = instancesOf(world, stage);
  if (!stages) return unseenStages(world);
  const held = new Set(claims?.map(({ namespace }) => namespace));
  const besides = besidesOf(world, stage, held);
  if (!claims || !instances || !besides) return unseen(world);
  const receipt = stages.receipt(stage);
  if (!receipt) return gone(`${title} is not installed`);
  // What is of the old one must not go before the new one names it.
  const taker = world.file.kubeflow && takerOf(stage, world.file.microk8s.channel);
  if (taker) {
    const does = `leave the objects of ${title} to ${taker.title}`;
    const because = `${taker.title} brings it now`;
    return { verdict: 'change', because, moves: [{ does, on: it.on, run: dropReceipt(stage), deadlineS: 60 }] };
  }
  const profiles = heldByProfile(it, instances, claims, world);
  if (profiles) return profiles;
  // A claim in the namespace of a user who is given up goes before that namespace does, or nobody would forget it.
  const isKept = ({ kind, namespace }: StageObject) => kind === CLAIM && !world.mayDelete(namespace);
  const isData = (it: StageObject) => isKept(it) || (it.kind === 'Namespace' && held.has(it.name));
  const not = new Set([...stages.missing(stage), ...stages.elsewhere(stage)]);
  const left = receipt.objects.filter((object) => !not.has(object));
  const drop = left.filter((object) => !isData(object)).reverse();
  const kept = left.filter(isData);
  const names = kept.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  if (drop.length === 0 && kept.length > 0) return stays(`${names}: data is never removed`);
  const isHook = ({ kind }: StageObject) => kind.endsWith('WebhookConfiguration');
  const isLate = ({ kind }: StageObject) => kind === TYPE || kind === 'Namespace';
  const types = [...new Set(instances.map(({ type }) => type))];
  const steps = [
    ...deleted(drop.filter(isHook)),
    ...types.map(emptied),
    ...deleted(drop.filter((object) => !isHook(object) && !isLate(object))),
    ...deleted(drop.filter(({ kind }) => kind === TYPE)),
    ...deleted(drop.filter(({ kind }) => kind === 'Namespace')),
    // The receipt knows what is left of it.
    kept.length > 0 ? writeReceipt(stage, 'removed', sh`printf '%s\n' ${kept.map(rowOf)}`) : dropReceipt(stage),
  ];
  const made = instances.map((it) => it.title);
  const data = drop.filter(({ kind }) => kind === CLAIM).map(({ namespace, name }) => `claim ${namespace}/${name}`);
  const also = [
    ...(data.length > 0 ? [`its data, in ${data.join(', ')}`] : []),
    ...(made.length > 0 ? [`what was made of its types: ${someOf(made, NAMED)}`] : []),
    ...(besides.length > 0 ? [`what else is in its namespaces: ${someOf(besides, NAMED)}`] : []),
  ];
  const but = kept.length > 0 ? `, but for ${names}` : '';
  const objects = drop.length === 1 ? 'one object' : `${drop.length} objects`;
  const does = [`delete the ${objects} of ${title}${but}`, ...also].join(', and ');
  const deadlineS = steps.length * GONE_S;
  const moves = [{ does, on: it.on, run: lines(...steps), deadlineS }];
  return { verdict: 'change', because: 'applied by mlk8s', moves };
}

/** Most objects of one sort that are named. */
const NAMED = 8;

/** While those who look after them are there: many want to clean up, and nothing ends before they did. */
function emptied(type: string): Script {
  return sh`${kubectl} delete ${type} --all -A --ignore-not-found --timeout=${`${GONE_S}s`}`;
}

function deleted(objects: readonly StageObject[]): Script[] {
  if (objects.length === 0) return [];
  const items = objects.map(({ apiVersion, kind, namespace, name }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  }));
  return [deletion(sh`printf %s ${listOf(items)}`, `--timeout=${GONE_S}s`)];
}

function rowOf({ apiVersion, kind, namespace, name }: StageObject): string {
  return [apiVersion, kind, namespace === '' ? '-' : namespace, name].join(' ');
}
