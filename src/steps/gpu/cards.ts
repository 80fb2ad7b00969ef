import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { gpuCards } from '../../resources/gpu-cards.ts';

/** What every machine has of graphics cards. */
export function cards(file: Cluster): Declared[] {
  const sharing = file.gpu?.sharing ?? 1;
  return file.nodes.map(({ name }) => gpuCards({ id: `gpu/cards@${name}`, on: { host: name }, needs: [], sharing }));
}
