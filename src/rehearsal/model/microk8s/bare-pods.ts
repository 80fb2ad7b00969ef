import type { KubeObject } from '../state.ts';
import { unheard } from './databases.ts';
import { ApiError } from './errors.ts';
import { type Computed, computed } from './gpu/compute.ts';
import { turnedAway } from './kubeflow-web.ts';
import type { Json } from './merge.ts';
import { type PodSpec, podStatus, readyAt, rollout } from './pods.ts';
import { busError } from './postgres.ts';
import { notesOf, stamp } from './store.ts';
import type { View } from './view.ts';
import { unserved } from './web.ts';

/** Seconds that the program of a pod that ends takes. */
const RUN_S = 4;

const specOf = (pod: KubeObject): PodSpec => (pod.spec ?? {}) as PodSpec;

/**
 * Status of a pod that was created by itself. It is scheduled as every other pod; one that is not restarted ends. Nothing
 * runs in it: it ends well, unless the fault `podfails` of its node says otherwise, a program for a card finds none, or what
 * it asks the ingress, cert-manager or a database for is not there.
 */
export function barePodStatus(view: View, pod: KubeObject): Json {
  const state = rollout(view, pod);
  const ready = state.ready === 1;
  const { restartPolicy = 'Always' } = specOf(pod);
  const isOver = view.now >= readyAt(pod) + RUN_S * 1000;
  if (!ready || !isOver || restartPolicy === 'Always') return podStatus(pod, ready, state);
  const node = state.nodes[0];
  const isUnlucky = node !== undefined && view.podFails(node, pod.metadata.name);
  const why = node && unanswered(view, node, pod);
  if (!isUnlucky && why !== undefined && view.now < readyAt(pod) + patienceS(pod) * 1000)
    return podStatus(pod, true, state);
  const fails = isUnlucky || why !== undefined || (node !== undefined && onCard(view, pod)?.ok === false);
  const isDead = busError(view, pod);
  if (!fails && !isDead) return podStatus(pod, true, state, 'Succeeded');
  if (restartPolicy === 'Never') return podStatus(pod, true, state, 'Failed', isDead ? 135 : 1);
  return podStatus(pod, false, { ...state, reason: 'CrashLoopBackOff' });
}

/** Why what the program of a pod asks does not answer as it should. */
function unanswered(view: View, node: KubeObject, pod: KubeObject): string | undefined {
  return unserved(view, node, pod) ?? unheard(view, pod) ?? turnedAway(view, pod);
}

/** Seconds that the program of a pod looks again and again: the last of its loops that count and sleep. */
function patienceS(pod: KubeObject): number {
  const script = JSON.stringify(specOf(pod).containers ?? []);
  const [, tries = '0', pause = '0'] =
    [...script.matchAll(/\$\(seq (\d+)\)(?:(?!\$\(seq ).)*?sleep (\d+)/g)].at(-1) ?? [];
  return Number(tries) * Number(pause);
}

/** What a program on a card does, where the pod runs one. */
function onCard(view: View, pod: KubeObject): Computed | undefined {
  const [node] = rollout(view, pod).nodes;
  return node && computed(view, node, specOf(pod));
}

/**
 * What a bare pod has printed. The model runs no container: of its command it takes the lines that do nothing but `echo`
 * plain words, and only when the pod ended well. Whatever else a program prints, or tests, is not here.
 */
export function barePodLog(view: View, pod: KubeObject): string {
  const { name } = pod.metadata;
  const { phase } = barePodStatus(view, pod) as { phase: string };
  const [container] = specOf(pod).containers ?? [];
  if (phase === 'Pending') {
    throw new ApiError('BadRequest', `container "${container?.name}" in pod "${name}" is waiting to start`);
  }
  const card = onCard(view, pod);
  if (card && (phase === 'Succeeded' || !card.ok)) return card.log;
  const said = phase === 'Succeeded' ? echoes([...(container?.command ?? []), ...(container?.args ?? [])]) : [];
  const [node] = rollout(view, pod).nodes;
  const why = (node && unanswered(view, node, pod)) ?? 'simulated failure';
  const end = phase === 'Failed' ? [why] : [];
  return [`simulated log of ${name}`, ...said, ...end].map((line) => `${line}\n`).join('');
}

function echoes(words: readonly string[]): string[] {
  const script = words[words.findIndex((word) => /^-\w*c$/.test(word)) + 1] ?? '';
  return script.split(/\n|;|&&/).flatMap((line) => {
    const [, quoted, plain] = /^\s*echo (?:(["'])([^"'$`\\]*)\1|([^"'$`\\<>|&]*))\s*$/.exec(line)?.slice(1) ?? [];
    return quoted ?? plain ?? [];
  });
}

/** What the scheduler and the kubelet would have said about the bare pods of a namespace. */
export function podEvents(view: View, namespace: string | undefined): KubeObject[] {
  return view.store.list(view.store.kind('pods'), namespace).map((pod) => {
    const { type, reason, message } = eventOf(view, pod);
    const { name, namespace: at = '', uid } = pod.metadata;
    const lastTimestamp = stamp(notesOf(pod).rolledAt);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${name}.${uid.slice(0, 8)}`,
        namespace: at,
        uid: `${uid}-event`,
        creationTimestamp: lastTimestamp,
      },
      ...{ type, reason, message, lastTimestamp },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace: at, uid },
    };
  });
}

function eventOf(view: View, pod: KubeObject): { type: string; reason: string; message: string } {
  const { unscheduled, reason, nodes, ready, gates = {} } = rollout(view, pod);
  if (unscheduled !== undefined) return { type: 'Warning', reason: 'FailedScheduling', message: unscheduled };
  if (ready === 0 && reason === 'ImagePullBackOff') {
    return { type: 'Warning', reason: 'Failed', message: `Error: ${reason}` };
  }
  const gate = ready === 0 ? gates[nodes[0]?.metadata.name ?? ''] : undefined;
  if (gate && 'message' in gate) return { type: 'Warning', reason: 'FailedCreatePodSandBox', message: gate.message };
  const { name, namespace } = pod.metadata;
  const message = `Successfully assigned ${namespace}/${name} to ${nodes[0]?.metadata.name}`;
  return { type: 'Normal', reason: 'Scheduled', message };
}
