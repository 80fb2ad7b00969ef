import * as z from 'zod';
import { jsonOf } from '../resources/kube.ts';
import { type Evidence, oneLine } from './evidence.ts';

/** Minutes that something may take to become ready, or to end, before it is listed whatever it says. */
export const PATIENCE_MIN = 5;

const text = z.string();
const ended = z.object({ exitCode: z.number(), reason: text.optional(), message: text.optional() });
const state = z.object({
  waiting: z.object({ reason: text.optional(), message: text.optional() }).optional(),
  terminated: ended.optional(),
});
const container = z.object({ state: state.optional(), lastState: state.optional() });
const status = z.object({
  phase: text.optional(),
  reason: text.optional(),
  message: text.optional(),
  conditions: z
    .array(
      z.object({ type: text, status: text, message: text.optional(), lastTransitionTime: text.nullable().optional() }),
    )
    .optional(),
  initContainerStatuses: z.array(container).optional(),
  containerStatuses: z.array(container).optional(),
});
type Status = z.infer<typeof status>;

/** What the doctor knows of a pod. */
export interface SeenPod {
  readonly namespace: string;
  readonly name: string;
  /** `Pod namespace/name` */
  readonly object: string;
  readonly machine?: string;
  /** It runs and is ready, or has ended well. */
  readonly fine: boolean;
  /** Names of the claims that it mounts. */
  readonly claims: readonly string[];
  readonly evidence: readonly Evidence[];
}

/** Reads the answer to `podsAsk`, `now` in ms by the clock of the lead; undefined when it is not one. */
export function podsOf(answer: string): { readonly now: number; readonly pods: readonly SeenPod[] } | undefined {
  const [clock = '', ...rows] = answer.split('\n').filter((line) => line !== '');
  const now = Number(clock) * 1000;
  if (!(now > 0)) return undefined;
  const pods = rows.map((row) => podOf(row, now));
  return pods.every((pod) => pod !== undefined) ? { now, pods } : undefined;
}

function podOf(row: string, now: number): SeenPod | undefined {
  const [namespace = '', name = '', machine = '', created = '', deleted = '', claims = '', ...rest] = row.split('\t');
  const found = jsonOf(rest.join('\t'), status);
  if (!found) return undefined;
  const minutes = (since: string) => Math.floor((now - Date.parse(since)) / 60_000);
  const ready = found.conditions?.find((it) => it.type === 'Ready');
  const isEnding = deleted !== '';
  const fine = !isEnding && (ready?.status === 'True' || found.phase === 'Succeeded');
  const pod = {
    namespace,
    name,
    object: `Pod ${namespace}/${name}`,
    ...(machine === '' ? {} : { machine }),
  };
  const evidence = (words: string, open = false): Evidence => ({
    looks: 'pod',
    ...pod,
    text: oneLine(words),
    ...(open ? { open: true } : {}),
  });
  const age = minutes(isEnding ? deleted : (ready?.lastTransitionTime ?? created));
  const seen = isEnding ? [] : sayings(found);
  const all = seen.map((it) => evidence(it.text, it.open));
  if (!fine && age >= PATIENCE_MIN && !all.some((it) => it.open))
    all.push(evidence(overdue(isEnding, age, seen), true));
  return { ...pod, fine, claims: claims.split(' ').filter((it) => it !== ''), evidence: fine ? [] : all };
}

function overdue(isEnding: boolean, age: number, seen: readonly Saying[]): string {
  if (isEnding) return `Terminating for ${age} min`;
  return [`not ready for ${age} min`, seen.at(-1)?.text].filter((it) => it !== undefined).join(': ');
}

interface Saying {
  readonly text: string;
  /** Trouble at once, not only after some minutes. */
  readonly open: boolean;
}

/** What the API says of a pod that is not fine. */
function sayings({ phase, reason, message, conditions = [], ...lists }: Status): Saying[] {
  const containers = [...(lists.initContainerStatuses ?? []), ...(lists.containerStatuses ?? [])];
  const scheduling = conditions.find((it) => it.type === 'PodScheduled' && it.status === 'False')?.message;
  return [
    ...(phase === 'Failed' ? [{ text: joined(`Failed: ${reason ?? ''}`, message), open: true }] : []),
    ...(scheduling === undefined ? [] : [{ text: scheduling, open: false }]),
    ...containers.flatMap(({ state, lastState }) => [
      ...endingOf(lastState?.terminated ?? state?.terminated),
      ...waitingOf(state?.waiting),
    ]),
  ];
}

function endingOf(ending: z.infer<typeof ended> | undefined): Saying[] {
  if (!ending || ending.exitCode === 0) return [];
  return [{ text: joined(`${ending.reason ?? 'ended'} (exit ${ending.exitCode})`, ending.message), open: false }];
}

/** Containers that are being made wait, too. */
const USUAL = ['ContainerCreating', 'PodInitializing'];

function waitingOf(waiting: { reason?: string | undefined; message?: string | undefined } | undefined): Saying[] {
  if (!waiting) return [];
  const reason = waiting.reason ?? 'waiting';
  return [{ text: joined(reason, waiting.message), open: !USUAL.includes(reason) }];
}

function joined(reason: string, message: string | undefined): string {
  return message ? `${reason}: ${message}` : reason;
}
