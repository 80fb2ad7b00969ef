import type { Command } from '../command.ts';
import type { RigState } from '../state.ts';
import { fail, type Options, table, withOptions } from './arguments.ts';
import { fault } from './site.ts';

type Disk = NonNullable<RigState['hardware']['disks']>[number];

const GIB = 1024 ** 3;
const COLUMNS = ['NAME', 'PATH', 'TYPE', 'SIZE', 'FSTYPE', 'PTTYPE', 'MOUNTPOINT', 'MOUNTPOINTS', 'MODEL', 'SERIAL'];

/** Disks of a machine besides the one that it boots from, as far as they are plugged in (fault `nodisk`). */
export function sparePlugged(rig: RigState): readonly Disk[] {
  return fault({ rig }, 'nodisk') === undefined ? (rig.hardware.disks ?? []) : [];
}

/** What is on a disk: the fault `diskused` puts a file system on each. */
export function contentOf(rig: RigState, disk: Disk): string | undefined {
  return fault({ rig }, 'diskused') === undefined ? disk.holds : fault({ rig }, 'diskused') || 'ext4';
}

/** Another empty disk is put in for each name below /dev/disk/by-id that is not there. */
export function plugIn(rig: RigState, ids: readonly string[]): boolean {
  const disks = rig.hardware.disks ?? [];
  const fresh = ids.filter((id) => !disks.some((disk) => disk.id === id));
  const path = (i: number) => `/dev/sd${String.fromCharCode('b'.charCodeAt(0) + ((disks.length + i) % 25))}`;
  if (fresh.length === 0) return false;
  rig.hardware.disks = [...disks, ...fresh.map((id, i) => ({ id, path: path(i), sizeGiB: 931 }))];
  return true;
}

/** A row of lsblk; the disk that the machine boots from has its file system in a partition. */
interface Row {
  readonly values: Readonly<Record<string, string | number | null>>;
  readonly children: readonly Row[];
}

function row(path: string, type: string, gib: number, more: Record<string, string | null>, children: Row[] = []): Row {
  const none = { fstype: null, pttype: null, mountpoint: null, model: null, serial: null };
  const values = { name: path.slice('/dev/'.length), path, type, size: gib * GIB, ...none, ...more };
  return { values, children };
}

function rows(rig: RigState): Row[] {
  const root = { fstype: 'ext4', pttype: 'gpt', mountpoint: '/' };
  const spare = sparePlugged(rig).map((disk) =>
    row(disk.path, 'disk', disk.sizeGiB, { fstype: contentOf(rig, disk) ?? null, serial: disk.id }),
  );
  const size = rig.hardware.diskGiB;
  return [row('/dev/sda', 'disk', size, { pttype: 'gpt' }, [row('/dev/sda2', 'part', size, root)]), ...spare];
}

/**
 * lsblk of util-linux 2.39: JSON with `-J`, else a table. Links below /dev/disk/by-id lead to their disks. A pool of
 * Mayastor is no file system to it.
 */
export const lsblk: Command = withOptions(
  {
    flags: ['-J|--json', '-b|--bytes', '-n|--noheadings', '-d|--nodeps', '-f|--fs', '-l|--list', '-p|--paths'],
    values: ['-o|--output'],
  },
  (context, options) => {
    const { rig } = context;
    const all = rows(rig);
    const byName = (word: string) => {
      const disk = sparePlugged(rig).find(({ id }) => word === `/dev/disk/by-id/${id}`);
      return [...all, ...all.flatMap(({ children }) => children)].find(
        ({ values }) => values.path === (disk?.path ?? word),
      );
    };
    const found = options.operands.map((word) => [word, byName(word)] as const);
    for (const [word, it] of found) if (!it) context.err(`lsblk: ${word}: not a block device\n`);
    const shown = options.operands.length > 0 ? found.flatMap(([, it]) => it ?? []) : all;
    const columns = columnsOf(options);
    const unknown = columns.find((column) => !COLUMNS.includes(column));
    if (unknown !== undefined) return fail(context, `lsblk: unknown column: ${unknown}`);
    if (shown.length > 0) context.out(printed(shown, columns, options));
    if (found.length === 0 || shown.length === found.length) return 0;
    return shown.length === 0 ? 32 : 64;
  },
);

function columnsOf(options: Options): string[] {
  const usual = options.has('--fs') ? 'NAME,FSTYPE,SIZE,MOUNTPOINTS' : 'NAME,SIZE,TYPE,MOUNTPOINTS';
  return (options.value('--output') ?? usual).toUpperCase().split(',');
}

function printed(shown: readonly Row[], columns: readonly string[], options: Options): string {
  const size = (bytes: string | number | null) => (options.has('--bytes') ? bytes : `${Number(bytes) / GIB}G`);
  const cell = ({ values }: Row, column: string) => {
    if (column === 'SIZE') return size(values.size ?? null);
    return values[column === 'MOUNTPOINTS' ? 'mountpoint' : column.toLowerCase()] ?? null;
  };
  if (options.has('--json')) {
    const object = (it: Row): object => ({
      ...Object.fromEntries(
        columns.map((c) => [c.toLowerCase(), c === 'MOUNTPOINTS' ? [cell(it, c)] : cell(it, c)] as const),
      ),
      ...(it.children.length > 0 && !options.has('--nodeps') ? { children: it.children.map(object) } : {}),
    });
    return `${JSON.stringify({ blockdevices: shown.map(object) }, null, 3)}\n`;
  }
  const flat = shown.flatMap((it) => [it, ...(options.has('--nodeps') ? [] : it.children)]);
  const lines = flat.map((it) => columns.map((column) => String(cell(it, column) ?? '')));
  return table(options.has('--noheadings') ? lines : [[...columns], ...lines], 1);
}
