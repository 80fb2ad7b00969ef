import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { readSecrets } from '../../src/config/secret-ref.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlk8s-secret-'));
afterAll(() => rmSync(folder, { recursive: true }));

function clusterWith(...alerts: string[]) {
  const text = `name: home
nodes:
  - { name: rig1, address: 10.0.0.1, role: control-plane }
monitoring:
  alerts:
${alerts.map((line) => `    ${line}\n`).join('')}storage: {}
`;
  return parseCluster(Buffer.from(text), join(folder, 'mlk8s.yaml'));
}

const read = (ref: string, env: NodeJS.ProcessEnv = {}) =>
  readSecrets(clusterWith('ntfy:', '  url: https://ntfy.sh/x', `  token: ${ref}`), [ref], { HOME: folder, ...env });
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
  expect(missing[0]?.where).toMatch(/mlk8s\.yaml:8:14$/);
  expect(missing[0]?.seen.split('\n')[0]).toBe(seen);
  expect(missing[0]?.next.length).toBeGreaterThan(0);
});

it('wants nothing to be written into a folder', async () => {
  const { missing } = await read('file:.');
  expect(missing[0]?.next).toEqual([`name the file that the secret is in, for example ${folder}/NAME`]);
});

it('names them in the order of the cluster file', async () => {
  const cluster = clusterWith('webhook: { url: env:A }', 'ntfy: { url: https://ntfy.sh/x, token: env:B }');
  const { missing } = await readSecrets(cluster, ['env:B', 'env:A'], {});
  expect(missing.map(({ where }) => where.replace(/.*yaml:/, ''))).toEqual(['6:21', '7:44']);
});

const hook = (url: string) => readSecrets(clusterWith('webhook: { url: env:HOOK }'), ['env:HOOK'], { HOOK: url });

it.each(['https://hook.example/7c1f', 'http://10.0.0.1:8080?key=a', ' https://me:pw@hook.example/ '])(
  'takes %j for the address of a webhook',
  async (url) => {
    const { values, missing } = await hook(url);
    expect([missing, values.get('env:HOOK')]).toEqual([[], url]);
  },
);

it.each([
  'hunter2',
  'hook.example/7c1f',
  'ftp://hook.example/7c1f',
  'https://?7c1f',
  'https:///7c1f',
  'https://a b/7c1f',
])('refuses %j as the address of a webhook, and does not show it', async (url) => {
  const { values, missing } = await hook(url);
  expect([values.size, missing.length]).toEqual([0, 1]);
  expect(missing[0]?.where).toMatch(/mlk8s\.yaml:6:21$/);
  expect(missing[0]?.seen).toMatch(/^the environment variable HOOK holds no address on the web\n/);
  expect(JSON.stringify(missing)).not.toContain(url);
});
