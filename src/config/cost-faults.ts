/** Rules of `cost:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Loose, type Placed } from './loose.ts';
import { quoted } from './rules.ts';

/** Faults of the section `cost`, each at its place in the file. `nodes`: the machines of the file. */
export function costFaults(value: unknown, nodes: readonly Loose[]): Placed[] {
  const cost = isLoose(value) ? value.cost : undefined;
  if (!isLoose(cost)) return [];
  return [...(isLoose(value) && value.monitoring === undefined ? noPrometheus(cost) : []), ...strangers(cost, nodes)];
}

/** OpenCost keeps nothing itself: what it counts is in Prometheus. */
function noPrometheus(cost: Loose): Placed[] {
  if (cost.opencost === false) return [];
  const fault = {
    seen: 'OpenCost is asked for, and there is no Prometheus for it',
    why: 'the file has no section monitoring, and OpenCost reads all that it knows from there; opencost is true when it is left out',
    next: ['Add the line: monitoring: {}', 'Or write into cost: opencost: false   (mlk8s cost works without it)'],
  };
  return [{ path: cost.opencost === undefined ? ['cost'] : ['cost', 'opencost'], fault }];
}

function strangers(cost: Loose, nodes: readonly Loose[]): Placed[] {
  const names = nodes.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  if (!isLoose(cost.watts) || names.length === 0) return [];
  return Object.keys(cost.watts).flatMap((name): Placed[] => {
    if (names.includes(name)) return [];
    const fault = {
      seen: `no machine is called ${quoted(name)}`,
      why: `there are ${names.join(', ')}`,
      next: ['Correct it.'],
    };
    return [{ path: ['cost', 'watts', name], fault }];
  });
}
