import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { readSecrets } from '../../src/config/secret-ref.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlk8s-secret-'));
afterAll(() => rmSync(folder, { recursive: true }));

function clusterWith(ref: string) {
  const text = `name: home
nodes:
  - { name: rig1, address: 10.0.0.1, role: control-plane }
monitoring:
  alerts:
    webhook:
      url: ${ref}
storage: {}
`;
  return parseCluster(Buffer.from(text), join(folder, 'mlk8s.yaml'));
}

const read = (ref: string, env: NodeJS.ProcessEnv = {}) =>
  readSecrets(clusterWith(ref), [ref], { HOME: folder, ...env });
const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);

it.each<[from: string, ref: string, value: string]>([
  ['a variable, as it is', 'env:HOOK', ' two  blanks '],
  ['a file beside the cluster file', 'file:hook', 'https://x.example/a?b=c'],
  ['a file at home', 'file:~/hook', 'https://x.example/a?b=c'],
  ['a file of several lines, all but the last line break', 'file:key', 'first\nlast'],
])('takes it from %s', async (_, ref, value) => {
  write('hook', 'https://x.example/a?b=c\n');
  write('key', 'first\nlast\r\n');
  const { values, missing } = await read(ref, { HOOK: ' two  blanks ' });
  expect(missing).toEqual([]);
  expect(values.get(ref)).toBe(value);
});

it.each<[what: string, ref: string, seen: string]>([
  ['a variable that is not set', 'env:NOT_THERE', 'the environment variable NOT_THERE is not set'],
  ['an empty variable', 'env:EMPTY', 'the environment variable EMPTY is empty'],
  ['a file that is not there', 'file:nothing', `there is no file ${folder}/nothing`],
  ['a folder', 'file:.', `${folder} is a folder, not a file`],
  ['an empty file', 'file:empty', `${folder}/empty is empty`],
  ['a program', 'file:binary', `${folder}/binary is no text: it has NUL bytes`],
  ['a disk image', 'file:large', `${folder}/large has more than 64 KiB`],
])('names the line of %s', async (_, ref, seen) => {
  write('empty', '\n');
  write('binary', Buffer.of(1, 0, 2));
  write('large', 'x'.repeat(70_000));
  const { values, missing } = await read(ref, { EMPTY: '' });
  expect(values.size).toBe(0);
  expect(missing[0]?.problem.where).toMatch(/mlk8s\.yaml:7:12$/);
  expect(missing[0]?.problem.seen.split('\n')[0]).toBe(seen);
  expect(missing[0]?.problem.next.length).toBeGreaterThan(0);
});
