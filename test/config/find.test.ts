import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findClusterFile } from '../../src/config/find.ts';
import { rehearsalDir } from '../../src/paths.ts';
import { templatePath } from '../../src/templates.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlk8s-find-'));
  vi.stubEnv('XDG_STATE_HOME', join(cwd, 'state'));
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the flag wins, seen from the current folder, whether the file is there or not', async () => {
  await writeFile(join(cwd, 'mlk8s.yaml'), '');
  const found = await findClusterFile({ flag: 'other.yaml', cwd, rehearsal: true });
  expect(found).toEqual({ path: join(cwd, 'other.yaml'), origin: 'flag' });
});

test('then mlk8s.yaml in the current folder, also in a rehearsal', async () => {
  await writeFile(join(cwd, 'mlk8s.yaml'), '');
  const expected = { path: join(cwd, 'mlk8s.yaml'), origin: 'folder' };
  expect(await findClusterFile({ cwd, rehearsal: false })).toEqual(expected);
  expect(await findClusterFile({ cwd, rehearsal: true })).toEqual(expected);
});

test('nothing without a rehearsal', async () => {
  expect(await findClusterFile({ cwd, rehearsal: false })).toBeUndefined();
});

test('a rehearsal starts with a copy of the sample and keeps what was changed in it', async () => {
  const path = join(rehearsalDir('home-lab'), 'mlk8s.yaml');
  expect(await findClusterFile({ cwd, rehearsal: true })).toEqual({ path, origin: 'sample' });
  expect(await readFile(path, 'utf8')).toBe(await readFile(templatePath('samples', 'home-lab.yaml'), 'utf8'));
  await writeFile(path, 'name: mine\n');
  expect(await findClusterFile({ cwd, rehearsal: true })).toEqual({ path, origin: 'sample' });
  expect(await readFile(path, 'utf8')).toBe('name: mine\n');
});

test('a state folder that cannot be written is said', async () => {
  await mkdir(join(cwd, 'state'));
  await writeFile(join(cwd, 'state', 'mlk8s'), 'a file');
  await expect(findClusterFile({ cwd, rehearsal: true })).rejects.toMatchObject({
    problems: [
      {
        where: join(cwd, 'state/mlk8s/rehearsal/home-lab/mlk8s.yaml'),
        seen: expect.stringMatching(/^the sample cluster file cannot be written: ENOTDIR/),
        next: ['Make room or correct the owner of this folder, or set XDG_STATE_HOME to another one.'],
      },
    ],
  });
});
