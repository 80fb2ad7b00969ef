import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { anyCard } from '../../resources/any-card.ts';
import { gpuCards } from '../../resources/gpu-cards.ts';

/** What every machine has of graphics cards, and whether there is one to serve. */
export function cards(file: Cluster): Declared[] {
  const sharing = file.gpu?.sharing ?? 1;
  const machines = file.nodes.map(({ name }) => name);
  return [
    ...machines.map((name) => gpuCards({ id: `gpu/cards@${name}`, on: { host: name }, needs: [], sharing })),
    anyCard({ id: 'gpu/any-card@cluster', on: 'cluster', needs: [], machines }),
  ];
}
