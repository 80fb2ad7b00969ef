import * as z from 'zod';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import type { Given } from './answers.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { jsonOf, kubectl } from './kube.ts';

/** Prometheus really gets figures: of every machine, and of what else is looked at. */
export type ScrapeTargetsSpec = {
  /** The Service of Prometheus. */
  readonly namespace: string;
  readonly service: string;
  /** Whose node-exporter and kubelet must answer it. */
  readonly machines: readonly string[];
  /** Jobs that must have a target that answers, wherever it runs. */
  readonly jobs: readonly string[];
};

export function scrapeTargets({ id, on, needs, ...spec }: Placed & ScrapeTargetsSpec): Declared<ScrapeTargetsSpec> {
  return { kind: 'scrape-targets', id, on, needs, spec };
}

export const scrapeTargetsKind: Kind<ScrapeTargetsSpec> = { kind: 'scrape-targets', transient: true, asks, judge };

/** Prometheus' pod comes after the release, pulls its image and asks for the first time within a minute. */
const ASKED_S = 1500;
/** Targets that are shown by name. */
const SHOWN = 4;

/** Through the API server, so that it needs no tunnel. */
function asks({ spec: { namespace, service } }: Declared<ScrapeTargetsSpec>): Ask[] {
  const path = `/api/v1/namespaces/${namespace}/services/${service}:9090/proxy/api/v1/query?query=up`;
  return [{ key: 'scrape targets', on: 'cluster', sh: sh`${kubectl} get --raw ${path}`, timeoutS: 20 }];
}

const label = z.string().optional();
const answered = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.object({ job: label, instance: label, node: label }),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

type Target = { readonly job: string; readonly at: string; readonly isUp: boolean };

function judge(it: Declared<ScrapeTargetsSpec>, world: World): Verdict {
  const settling = (because: string): Verdict => ({ verdict: 'settling', because, deadlineS: ASKED_S });
  if (world.identity === undefined) return settling('there is no cluster yet');
  return judged(it, world, asks(it), (given) => {
    const targets = targetsOf(given);
    if (!targets) return settling('Prometheus does not answer');
    const { machines, jobs } = it.spec;
    const asked = machines.filter((name) => world.hosts.includes(name));
    const missing = [
      ...asked.flatMap((name) =>
        PER_MACHINE.filter((job) => !isUp(targets, job, name)).map((job) => `${job} of ${name}`),
      ),
      ...jobs.filter((job) => !isUp(targets, job)),
    ];
    const answer = targets.filter(up).length;
    const because = `${answer} of ${targets.length} targets of Prometheus answer`;
    if (missing.length === 0) return { verdict: 'ok', because };
    const rest = missing.length > SHOWN ? `, and ${missing.length - SHOWN} more` : '';
    return settling(`${because}; none of these do: ${missing.slice(0, SHOWN).join(', ')}${rest}`);
  });
}

/** Jobs with a target on every machine. */
const PER_MACHINE = ['node-exporter', 'kubelet'];

/** The kubelet's targets carry the name of the Node, those of node-exporter have it for their address. */
function targetsOf({ text, status }: Given): readonly Target[] | undefined {
  const found = status === 0 ? jsonOf(text, answered) : undefined;
  return found?.data.result.map(({ metric: { job = '', instance = '', node }, value: [, value] }) => ({
    ...{ job, at: node ?? instance, isUp: value === '1' },
  }));
}

const up = (target: Target): boolean => target.isUp;

/** All targets of the job on that machine answer; of any machine: one does. */
function isUp(targets: readonly Target[], job: string, machine?: string): boolean {
  const those = targets.filter((it) => it.job === job && (machine === undefined || it.at === machine));
  return those.length > 0 && (machine === undefined ? those.some(up) : those.every(up));
}
