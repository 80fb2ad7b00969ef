import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCluster, parseCluster } from '../../src/config/load.ts';
import { ExitCode, type Problem, UserError } from '../../src/errors.ts';
import { BAD_FILES } from './bad-files.ts';

function errorOf(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function asText(problems: readonly Problem[]): string {
  return problems
    .flatMap((p) => [`${p.where}: ${p.seen}`, p.why && `why:  ${p.why}`, ...p.next.map((n) => `next: ${n}`), ''])
    .filter((line) => line !== undefined)
    .join('\n');
}

const parse = (text: string) => parseCluster(Buffer.from(text), 'mlk8s.yaml');

describe('a bad cluster file is refused with all that a user needs to know', () => {
  test.each(Object.entries(BAD_FILES))('%s', async (name, content) => {
    const started = performance.now();
    const error = errorOf(() => parseCluster(Buffer.from(content as string), 'mlk8s.yaml'));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(error.exitCode).toBe(ExitCode.invalid);
    expect(error.problems.filter(({ why }) => !why)).toEqual([]);
    await expect(asText(error.problems)).toMatchFileSnapshot(`../golden/config/${name}.txt`);
  });

  // How deep is too deep depends on the free stack of the process, and so does the place in the line.
  test.each([
    ['brackets', `a: ${'['.repeat(3000)}${']'.repeat(3000)}`],
    ['open brackets', '['.repeat(200_000)],
    ['braces', '{a: '.repeat(3000)],
    ['dashes', '- '.repeat(100_000)],
    ['hundred brackets', `a: ${'['.repeat(100)}${']'.repeat(100)}`],
    ['keys', Array.from({ length: 700 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('nested too deeply: %s', (_, text) => {
    const [problem] = errorOf(() => parse(text)).problems;
    expect(problem?.where).toMatch(/^mlk8s\.yaml:\d+:\d+$/);
    expect(problem?.seen).toMatch(/^the values are nested too deeply\n/);
    expect(problem?.next).toEqual(['Remove the brackets, dashes or spaces that are too many.']);
  });

  // The secret itself instead of its place: errors go to screens, journals and issues.
  test.each([
    ['text', 'email: { to: x, from: a@b.example, server: c.example:25, user: u, password: hunter2 }'],
    ['a number', 'telegram: { chat: 1, token: 20022002 }'],
    ['a number with another base', 'telegram: { chat: 1, token: 0x1318282 }'],
    ['a list', 'ntfy: { url: https://ntfy.sh/x, token: [hunter2] }'],
    ['an address', 'webhook: { url: https://hook.example/hunter2 }'],
    ['a line of its own', 'telegram:\n      chat: 1\n      token:\n        hunter2'],
    ['a misspelt key', 'telegram: { chat: 1, tokken: env:X, pasword: hunter2 }'],
    ['what YAML does not take', 'telegram:\n      chat: 1\n      token: @hunter2'],
    ['two values', 'telegram:\n      chat: 1\n      token: hunter2: x'],
    ['words behind a quote', 'telegram:\n      chat: 1\n      token: "hunter2" hunter2'],
    ['half a place', 'telegram: { chat: x, token: "env:hunter2-" }'],
  ])('and shows no secret: %s', (_, alerts) => {
    const file = `name: a\nnodes: [{name: b, address: 10.0.0.1, role: control-plane}]\nmonitoring:\n  alerts:\n    ${alerts}\n`;
    const { problems } = errorOf(() => parse(file));
    expect(asText(problems)).toContain('***');
    expect(asText(problems)).not.toMatch(/hunter2|20022002/i);
  });

  test('no key of the file reaches the prototype of objects', () => {
    errorOf(() => parse(String(BAD_FILES['proto-key'])));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('a valid cluster file', () => {
  const GOOD = 'name: home-lab\nnodes:\n  - name: rig1\n    address: 10.0.0.101\n    role: control-plane\n';

  test('has every default filled in', () => {
    expect(parse(GOOD)).toEqual({
      file: {
        name: 'home-lab',
        microk8s: { channel: '1.35/stable' },
        ssh: {},
        node: { dataDir: '/data/microk8s', timeSync: true, sleep: 'prevent' },
        nodes: [
          { name: 'rig1', address: '10.0.0.101', role: 'control-plane', local: false, labels: {}, taints: [], ssh: {} },
        ],
        values: {},
        charts: {},
      },
      path: 'mlk8s.yaml',
      text: GOOD,
      warnings: [],
    });
  });

  test('may have a byte order mark, CRLF line ends, a document marker and references', () => {
    const text = `\uFEFF---\r\n${GOOD.replaceAll('\n', '\r\n')}    labels: &l { a: b }\r\n  - { name: rig2, address: 10.0.0.2, labels: *l }\r\n...\r\n`;
    const { file, text: kept } = parse(text);
    expect(file.nodes.map((node) => node.labels)).toEqual([{ a: 'b' }, { a: 'b' }]);
    expect(kept).toBe(text);
  });

  test('may have labels with names that JavaScript objects have too', () => {
    const { file } = parse(`${GOOD}    labels: { constructor: a, toString: b }\n`);
    expect(Object.entries(file.nodes[0]?.labels ?? {})).toEqual([
      ['constructor', 'a'],
      ['toString', 'b'],
    ]);
  });

  test.each(['1.10/stable', '1.36/edge', '1.35/candidate', '1.35/beta'])('may ask for channel %s', (channel) => {
    expect(parse(`${GOOD}microk8s: { channel: ${channel} }\n`).warnings).toEqual([]);
  });

  test('may have every key', () => {
    const { file } = parse(
      `${GOOD}    local: true
    labels: { example.org/a: "", b: X_y.z }
    taints: [{ key: a, value: b, effect: NoSchedule }, { key: a, effect: NoExecute }]
    ssh: { user: Lab_1, port: 2222, identityFile: ~/.ssh/id, jump: "a@b:22", hostKey: "SHA256:${'a/+'.repeat(14)}b" }
ssh: { jump: gate }
node: { dataDir: /mnt/big-1/k8s, timeSync: false, sleep: leave }
`,
    );
    expect(file.nodes[0]?.ssh.port).toBe(2222);
  });
});

const SWITCHED_OFF = `  valkey:
    dataStorage: { enabled: false }
    auth: { enabled: false }
    valkeyConfig: "maxmemory 384mb"
  milvus:
    standalone: { persistence: { enabled: false } }
    extraConfigFiles: { user.yaml: "common: {}" }
`;

describe('warnings', () => {
  const file = (count: number, top = '') =>
    `${top}name: home-lab\nnodes:\n${Array.from({ length: count }, (_, i) => `  - { name: rig${i}, address: 10.0.0.${i + 1}, role: control-plane }\n`).join('')}`;

  test.each([
    ['two-control-planes', file(2)],
    ['four-control-planes', file(4)],
    ['newer-channel', file(1, 'microk8s: { channel: 1.40/stable }\n')],
    ['cluster-networks', file(1).replace('10.0.0.1', '10.1.7.1').replace('rig0', 'a')],
    ['service-network', file(1).replace('10.0.0.1', '10.152.183.9')],
    ['database-values', file(1, `storage: {}\ndatabases: { redis: {}, milvus: {} }\nvalues:\n${SWITCHED_OFF}`)],
    ['redis-on-a-small-volume', file(1, 'storage: {}\ndatabases: { redis: { sizeGi: 1, memoryMi: 4096 } }\n')],
    ['range', file(1, 'network: { loadBalancer: { from: 10.0.7.200, to: 10.0.7.210 } }\n')],
  ])('%s', async (name, text) => {
    await expect(asText(parse(text).warnings)).toMatchFileSnapshot(`../golden/config/warning-${name}.txt`);
  });

  test('none for addresses next to those of the machines', () => {
    expect(parse(file(1, 'network: { loadBalancer: { from: 10.0.0.200, to: 10.0.0.210 } }\n')).warnings).toEqual([]);
  });

  test('none for values of a database that the file does not name, or that switch nothing off', () => {
    const values = `values:\n${SWITCHED_OFF}`;
    expect(parse(file(1, `storage: {}\ndatabases: { dynamodb: {} }\n${values}`)).warnings).toEqual([]);
    const kept = 'values: { valkey: { auth: { enabled: true }, valkeyConfig: "appendonly yes" } }\n';
    expect(parse(file(1, `storage: {}\ndatabases: { redis: {} }\n${kept}`)).warnings).toEqual([]);
  });

  test.each([1, 3, 5])('none for %i control planes', (count) => {
    expect(parse(file(count)).warnings).toEqual([]);
  });
});

describe('a file that cannot be read', () => {
  const problem = async (path: string) => {
    const error = await loadCluster(path).catch((e: unknown) => e);
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(ExitCode.invalid);
    return error.problems;
  };
  const folder = () => mkdtemp(join(tmpdir(), 'mlk8s-load-'));

  test('missing: says which, and offers init', async () => {
    const path = join(await folder(), 'mlk8s.yaml');
    const expected = {
      where: path,
      seen: 'there is no such file',
      why: 'mlk8s needs a file that describes the cluster',
      next: ['To write one type: mlk8s init', 'If you have one elsewhere: name it with -f FILE.'],
    };
    expect(await problem(path)).toEqual([expected]);
    const below = join('package.json', 'mlk8s.yaml');
    expect(await problem(below)).toEqual([{ ...expected, where: below }]);
  });

  test('a folder', async () => {
    const path = await folder();
    await mkdir(join(path, 'x'));
    expect(await problem(join(path, 'x'))).toEqual([
      {
        where: join(path, 'x'),
        seen: 'this is a folder, not a file',
        why: 'a cluster is described by one file',
        next: [`Name the file in it, for example: -f ${join(path, 'x', 'mlk8s.yaml')}`],
      },
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('of another user (skipped as root, who may read every file)', async () => {
    const path = join(await folder(), 'mlk8s.yaml');
    await writeFile(path, 'name: x\n');
    await chmod(path, 0);
    expect(await problem(path)).toEqual([
      {
        where: path,
        seen: 'you may not read this file',
        why: 'it, or a folder above it, belongs to another user',
        next: [`See who may: ls -l ${path}`],
      },
    ]);
  });

  test('without end: stops reading at the limit', async () => {
    expect((await problem('/dev/zero')).map((p) => p.seen)).toEqual(['the file is larger than 256 KiB']);
  });

  test('a path that no system has', async () => {
    expect(await problem('a\0b')).toEqual([
      {
        where: 'a\0b',
        seen: 'the file cannot be read (ERR_INVALID_ARG_VALUE)',
        why: 'the system does not give it out',
        next: ['Check the path and the disk.'],
      },
    ]);
  });
});
