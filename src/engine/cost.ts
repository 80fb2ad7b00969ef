import { allocationOf, priceFault } from '../cost/allocation.ts';
import { allocationAsk, costAsks } from '../cost/asks.ts';
import { openCostCorePrice } from '../cost/opencost.ts';
import { nodesSeen, requestsSeen, volumesSeen } from '../cost/read.ts';
import { type CostSight, reportOf } from '../cost/report.ts';
import { pricesOf, wattsOf } from '../cost/tables.ts';
import { ExitCode, type Problem } from '../errors.ts';
import { kinds } from '../resources/index.ts';
import type { Summary } from './events.ts';
import { finish, start } from './finish.ts';
import type { CostOptions } from './options.ts';
import { Prepared } from './prepare.ts';
import type { World } from './types.ts';

/** What a file without a section `cost` is reckoned with. */
const USUAL: CostSettings = { opencost: false, currency: 'EUR', kilowattHour: 0.3, watts: {} };
type CostSettings = NonNullable<CostOptions['file']['cost']>;

/** Reckons what the cluster costs in a cloud and at home. Changes nothing; exit code 1 when its size is not known. */
export async function cost(options: CostOptions): Promise<Summary> {
  const started = start(options);
  // The machines are asked for their size and power, not for what steps look after.
  const prepared = new Prepared({ ...options, steps: [] }, kinds);
  const { names } = prepared;
  const hosts = names.filter((it) => options.limitHosts.length === 0 || options.limitHosts.includes(it));
  await prepared.observe(costAsks(options.file, hosts));
  const sight = prepared.refusal() ?? look(prepared.world, options);
  if ('where' in sight) {
    options.listener({ event: 'problem', problem: sight });
    return finish(prepared, started, ExitCode.failed, [], undefined, { notes: [] });
  }
  const settings = options.file.cost ?? USUAL;
  const report = reportOf(sight.cost, settings, pricesOf(), wattsOf());
  options.listener({ event: 'cost', report, ...(options.by ? { by: options.by } : {}) });
  for (const { where, seen, why, next } of sight.faults) {
    options.listener({ event: 'warning', where, text: `${seen} (${why}). ${next.join('; ')}` });
  }
  const partial = prepared.observer.dropped.size > 0;
  const notes = [...((await options.keep?.(report)) ?? []), ...defaultNote(options)];
  return finish(prepared, started, partial ? ExitCode.partial : ExitCode.done, [], undefined, { notes });
}

interface Sight {
  readonly cost: CostSight;
  readonly faults: readonly Problem[];
}

function look(world: World, { file, limitHosts }: CostOptions): Sight | Problem {
  const all = nodesSeen(world);
  const requests = requestsSeen(world);
  const volumes = volumesSeen(world);
  if (!all || !requests || !volumes) return unknown(world, file.name);
  const wanted = limitHosts.length === 0 ? all : all.filter(({ name }) => limitHosts.includes(name));
  const nodes = [...wanted].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const isWanted = ({ node }: { readonly node: string }) => nodes.some(({ name }) => name === node);
  const asked = { nodes, volumes: limitHosts.length === 0 ? volumes : [] };
  const byRequests: CostSight = { ...asked, uses: requests.filter(isWanted), basis: { from: 'requests' } };
  if (!file.cost?.opencost) return { cost: byRequests, faults: [] };
  const answer = world.answer('cluster', allocationAsk.key);
  const counted = answer.kind === 'bytes' && answer.status === 0 ? allocationOf(answer.text) : undefined;
  if (counted === undefined || counted === 'empty') return { cost: byRequests, faults: [notCounted(counted)] };
  const { hours, uses, totalCost, cores } = counted;
  const withCards = all.filter(({ capacity, cards = [] }) => capacity.gpu > 0 || cards.length > 0);
  const fault = priceFault(cores, openCostCorePrice(file), new Set(withCards.map(({ name }) => name)));
  return {
    cost: { ...asked, uses: uses.filter(isWanted), basis: { from: 'opencost', hours }, openCostTotal: totalCost },
    faults: fault ? [fault] : [],
  };
}

function unknown({ lead }: World, cluster: string): Problem {
  if (lead === undefined) {
    const why = 'no machine that answers is a member of a cluster';
    return { where: cluster, seen: 'there is no cluster to reckon', why, next: ['mlk8s up'] };
  }
  return {
    where: cluster,
    seen: `the API on ${lead} did not say what the machines have and what pods ask for`,
    why: 'it does not answer, or the list was cut because it is too long',
    next: ['mlk8s doctor', 'mlk8s cost'],
  };
}

function notCounted(found: 'empty' | undefined): Problem {
  return {
    where: 'OpenCost',
    seen: found === 'empty' ? 'it has counted nothing yet' : 'it does not answer',
    why:
      found === 'empty'
        ? 'it needs some minutes after its installation, and a Prometheus that reads its figures; until then the requests of pods are reckoned'
        : 'it is not installed or not ready; the requests of pods are reckoned',
    next: ['mlk8s status says how it stands'],
  };
}

function defaultNote({ file }: CostOptions): string[] {
  if (file.cost) return [];
  const { kilowattHour, currency } = USUAL;
  return [`The cluster file has no section cost: ${kilowattHour} ${currency} for a kWh is a guess.`];
}
