import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pageOf } from './page.ts';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** Rooms of `src`, and those that each may import values from: only such as stand above it. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  charts: [],
  shell: [],
  kubeflow: [],
  config: ['charts', 'kubeflow'],
  devbox: [],
  gpu: ['shell'],
  transport: ['config', 'shell'],
  resources: ['charts', 'config', 'gpu', 'kubeflow', 'shell'],
  health: ['resources', 'shell'],
  cost: ['charts', 'gpu', 'resources', 'shell'],
  steps: ['charts', 'config', 'cost', 'devbox', 'kubeflow', 'resources', 'shell'],
  engine: ['charts', 'config', 'cost', 'health', 'resources', 'shell', 'transport'],
  render: ['cost', 'shell'],
  rehearsal: ['config', 'devbox', 'kubeflow', 'shell', 'transport'],
  cli: ['config', 'cost', 'engine', 'rehearsal', 'render', 'shell', 'steps', 'transport'],
};
/** Types may be named wherever they are, but for those of rooms that nothing but the command line may know of. */
const NAMED_BY_NOBODY = ['cli', 'render', 'rehearsal', 'steps'];

interface Import {
  readonly file: string;
  readonly room: string;
  readonly of: string;
  readonly isType: boolean;
}

const IMPORT = /^(?:import|export)(?<type> type)?\b[^'";]*?from '(?<from>\.[^']+)'|\bimport\('(?<late>\.[^']+)'\)/gm;

/** Imports of one room from another, those that happen late included. */
function importsOf(file: string): Import[] {
  const room = file.split(sep)[0] ?? '';
  return [...readFileSync(join(src, file), 'utf8').matchAll(IMPORT)].flatMap(({ groups }) => {
    const path = normalize(join(dirname(file), groups?.from ?? groups?.late ?? '')).split(sep);
    const [of = ''] = path;
    return path.length === 1 || of === room ? [] : [{ file, room, of, isType: groups?.type !== undefined }];
  });
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
const imports = files.filter((file) => file.endsWith('.ts') && file.includes(sep)).flatMap(importsOf);

it('knows every room', () => {
  const rooms = readdirSync(src, { withFileTypes: true }).flatMap((it) => (it.isDirectory() ? [it.name] : []));
  expect(Object.keys(MAY_USE).sort()).toEqual(rooms.sort());
});

it('is described in docs/design.md, room by room', () => {
  const told = [...pageOf('docs/design.md').matchAll(/^\| `src\/(\w+)` +\| /gm)].map(([, room]) => room);
  expect(told.toSorted()).toEqual(Object.keys(MAY_USE).toSorted());
});

it('has no circle', () => {
  const rooms = Object.keys(MAY_USE);
  const backwards = rooms.flatMap((room, index) => (MAY_USE[room] ?? []).filter((of) => rooms.indexOf(of) >= index));
  expect(backwards).toEqual([]);
});

it.each(Object.entries(MAY_USE))('%s uses no other room than %j', (room, may) => {
  const used = imports.filter((it) => it.room === room && !it.isType && !may.includes(it.of));
  expect(used.map(({ file, of }) => `${file}: ${of}`)).toEqual([]);
});

it('permits nothing that nobody does', () => {
  const used = new Set(imports.filter((it) => !it.isType).map(({ room, of }) => `${room} ${of}`));
  const may = Object.entries(MAY_USE).flatMap(([room, rooms]) => rooms.map((of) => `${room} ${of}`));
  expect(may.filter((it) => !used.has(it))).toEqual([]);
});

it('names no types of rooms that only the command line may know of', () => {
  const named = imports.filter((it) => it.isType && it.room !== 'cli' && NAMED_BY_NOBODY.includes(it.of));
  expect(named.map(({ file, of }) => `${file}: ${of}`)).toEqual([]);
});
