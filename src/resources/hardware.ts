import type { Ask } from '../engine/types.ts';
import { sh } from '../shell/script.ts';

/** Memory and swap of a machine, in KiB. */
export function memoryAsk(host: string): Ask {
  return { key: 'memory', on: { host }, sh: sh`cat /proc/meminfo`, timeoutS: 10 };
}

/** One value of what `memoryAsk` answered, in KiB or pages as the kernel counts it; NaN when it is not there. */
export function meminfo(text: string, key: 'MemTotal' | 'SwapTotal' | 'HugePages_Total' | 'Hugepagesize'): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Threads of the processors that programs may use. */
export function processorsAsk(host: string): Ask {
  return { key: 'processors', on: { host }, sh: sh`nproc`, timeoutS: 10 };
}

/** The file system of a folder. The folder need not be there yet: then the one that it will be made in counts. */
export function diskAsk(host: string, path: string): Ask {
  const script = sh`
    path=${path}
    until [ -d "$path" ] || [ -z "$path" ]; do path=\${path%/*}; done
    df -Pk "\${path:-/}"
  `;
  return { key: `disk of ${path}`, on: { host }, sh: script, timeoutS: 10 };
}

/** Size and free room of what `diskAsk` answered, in GiB; NaN when it is not there. */
export function diskOf(text: string): { readonly size: number; readonly free: number; readonly at: string } {
  const row = text.trim().split('\n').at(-1)?.split(/\s+/) ?? [];
  const gib = (column: number) => Number(row[column] ?? Number.NaN) / 1024 ** 2;
  return { size: gib(1), free: gib(3), at: row[5] ?? '/' };
}
