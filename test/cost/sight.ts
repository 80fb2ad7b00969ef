import type { PowerSeen } from '../../src/cost/power.ts';
import type { CardSeen, NodeSeen } from '../../src/cost/read.ts';
import type { CostSight } from '../../src/cost/report.ts';

export const RTX: CardSeen = { slot: '0000:01:00.0', model: 'GeForce RTX 3090', gib: 24 };

/** A desktop that measures nothing. */
export function power(more: Partial<PowerSeen> = {}): PowerSeen {
  return { machine: 'x86_64', chassis: 3, cards: new Map(), ...more };
}

export function machine(name: string, more: Partial<NodeSeen> = {}): NodeSeen {
  return { name, capacity: { cpu: 8, memory: 32, gpu: 0 }, cards: [], power: power(), ...more };
}

/** Five machines of a home: one that measures its processor, one with a card, one that the file has watts of. */
export const HOME: CostSight = {
  nodes: [
    machine('rig1'),
    machine('rig2', { capacity: { cpu: 16, memory: 64, gpu: 0 }, power: power({ processor: 23 }) }),
    machine('rig3', { capacity: { cpu: 4, memory: 16, gpu: 0 }, power: power({ chassis: 35 }) }),
    machine('rig4', {
      ...{ capacity: { cpu: 16, memory: 64, gpu: 2 }, cards: [RTX] },
      power: power({ cards: new Map([[RTX.slot, 21.4]]) }),
    }),
    machine('rig5'),
  ],
  uses: [
    { node: 'rig1', namespace: 'kube-system', cpu: 1, memory: 2, gpu: 0 },
    { node: 'rig2', namespace: 'kube-system', cpu: 0.5, memory: 1, gpu: 0 },
    { node: 'rig4', namespace: 'llm', cpu: 4, memory: 16, gpu: 1 },
    { node: 'gone', namespace: 'llm', cpu: 1, memory: 0, gpu: 1 },
  ],
  volumes: [
    { namespace: 'llm', gib: 100 },
    { namespace: 'old', gib: 20 },
  ],
  basis: { from: 'requests' },
};

export const EUR = { currency: 'EUR', kilowattHour: 0.3, watts: { rig5: 85 } } as const;
