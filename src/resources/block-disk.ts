import * as z from 'zod';
import type { Ask } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import type { Given } from './answers.ts';
import { jsonOf } from './kube.ts';

/** Stands between what lsblk says, the first bytes of the disk, and whether its start holds anything. */
const RULE = '----';
/** First bytes of a disk that a pool of Mayastor is on: lsblk knows nothing of it. SPDK, lib/blob/blobstore.h. */
const POOL = 'SPDKBLOB';
/** So much of the start of a disk is empty before a pool is made: lsblk names only what it knows. */
const START = '1M';

/** What is on a disk. Only read. */
export function blockDiskAsk(host: string, disk: string): Ask {
  const script = sh`
    if [ ! -e ${disk} ]; then
      echo missing
    else
      lsblk -J -b -o PATH,TYPE,SIZE,FSTYPE,PTTYPE,MOUNTPOINT ${disk}
      echo ${RULE}
      head -c ${POOL.length} -- ${disk}
      echo
      echo ${RULE}
      head -c ${START} -- ${disk} | tr -d '\0' | head -c 1 | wc -c
    fi
  `;
  return { key: `disk ${disk}`, on: { host }, sh: script, timeoutS: 20 };
}

const text = z.string().nullish();
const part = z.object({ path: z.string(), fstype: text, mountpoint: text });
const listed = z.object({
  blockdevices: z.tuple([part.extend({ type: z.string(), pttype: text, children: z.array(part).optional() })]),
});

/** What is on a disk. `unknown`: the machine did not say enough. `pool`: of Mayastor, of this cluster or of another. */
export type BlockDisk = 'missing' | 'unknown' | 'empty' | 'pool' | { readonly holds: string };

/** Reads what the ask for the disk printed. */
export function blockDiskOf({ text }: Given): BlockDisk {
  if (text === 'missing\n') return 'missing';
  const [json = '', start = '\n', ...rest] = text.split(`${RULE}\n`);
  const disk = jsonOf(json, listed)?.blockdevices[0];
  const used = rest.at(-1)?.trim();
  if (!disk || start === '\n' || used === undefined) return 'unknown';
  if (start.startsWith(POOL)) return 'pool';
  const parts = disk.children ?? [];
  const mounted = [disk, ...parts].flatMap(({ mountpoint }) => mountpoint ?? []);
  const holds = [
    ...(disk.type === 'part' ? ['it is a partition, not a whole disk'] : []),
    ...(disk.fstype ? [`it holds ${disk.fstype}`] : []),
    ...(parts.length > 0
      ? [`on it are ${parts.map(({ path, fstype }) => `${path}${fstype ? ` (${fstype})` : ''}`).join(', ')}`]
      : []),
    ...(disk.pttype && parts.length === 0 ? [`it has a partition table (${disk.pttype})`] : []),
    ...(mounted.length > 0 ? [`mounted at ${mounted.join(', ')}`] : []),
  ];
  if (holds.length === 0 && used !== '0') holds.push('its first MiB holds data that lsblk does not know');
  return holds.length > 0 ? { holds: holds.join('; ') } : 'empty';
}
