import * as z from 'zod';
import type { KubeManifest } from './manifest.ts';
import { type Live, titleOf } from './objects.ts';

const claimed = z.object({
  storageClassName: z.string().optional(),
  resources: z.object({ requests: z.object({ storage: z.string() }) }),
});

/** That a claim stays as it was made, with what differs from what is asked for now. */
export function keeps(object: KubeManifest, live: Live | undefined): string {
  const [wanted, there] = [object.spec, live?.spec].map((spec) => claimed.safeParse(spec).data);
  // One that names no class has got one.
  const [asked, has] = [wanted, there].map((it) =>
    wanted?.storageClassName === undefined ? size(it) : `${size(it)} of ${it?.storageClassName ?? 'no class'}`,
  );
  const but = asked === has ? ', and the rest as it was made' : `, not ${asked}`;
  return `${titleOf(object)} keeps ${has}${but}: a claim cannot be changed`;
}

function size(it: z.infer<typeof claimed> | undefined): string {
  return it?.resources.requests.storage ?? 'its size';
}
