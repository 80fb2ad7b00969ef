import type { Step } from '../../engine/types.ts';
import { room } from '../../resources/room.ts';

/** The sum of what all other steps install, against what the machines have. facts: platform sheet, section 3. */
export function capacityStep(others: readonly Step[]): Step {
  return {
    name: 'capacity',
    title: 'Room on the machines for all that is installed',
    resources: (file) => {
      const loads = others.flatMap((step) => step.asksFor?.(file) ?? []);
      if (loads.length === 0) return [];
      const machines = file.nodes.map(({ name, role }) => ({ name, plane: role === 'control-plane' }));
      return [
        room({ id: 'capacity/room@cluster', on: 'cluster', needs: [], loads, machines, dataDir: file.node.dataDir }),
      ];
    },
  };
}
