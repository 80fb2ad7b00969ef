import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { parseCluster } from '../../src/config/load.ts';
import { databasesStep } from '../../src/steps/databases/index.ts';

const page = readFileSync(new URL('../../docs/databases.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, is, body = '']) => (is === language ? body : []));
const typed = blocks('sh').flatMap((block) => block.trim().split('\n'));

describe('docs/databases.md', () => {
  it.each(typed)('%s: is understood', async (line) => {
    const [name, ...args] = line.split(' ');
    expect(name).toBe('mlk8s');
    const nowhere = { write: () => true, isTTY: false };
    const io = { stdin: process.stdin, stdout: nowhere, stderr: nowhere, env: {}, cwd: '/' };
    const program = createProgram({ io, parts: {}, finish: () => {} } as unknown as Context);
    for (const command of program.commands as Command[]) command.action(() => {});
    await program.parseAsync(args, { from: 'user' });
  });

  it('shows a cluster file that is right, with what it says of it', () => {
    const { file, warnings } = parseCluster(Buffer.from(blocks('yaml')[0] ?? ''), 'mlk8s.yaml');
    expect(warnings).toEqual([]);
    const names = databasesStep.services?.(file).map((it) => it.name);
    expect(names).toEqual(expect.arrayContaining(['postgres', 'redis']));
  });

  it('shows values that change what they are said to change', () => {
    const [, ...fragments] = blocks('yaml');
    const base = (blocks('yaml')[0] ?? '').replace('postgres: {}', 'milvus: {}');
    const releases = fragments.map((fragment) => {
      const { file } = parseCluster(Buffer.from(`${base}${fragment}`), 'mlk8s.yaml');
      return JSON.stringify(databasesStep.resources(file).filter(({ kind }) => kind === 'helm-release'));
    });
    expect(releases).toHaveLength(2);
    expect(releases[0]).toContain('maxmemory-policy allkeys-lru');
    expect(releases[1]).toContain('"nodeSelector":{"kubernetes.io/hostname":"rig2"}');
  });

  it('says where each database is, and its login', () => {
    const text = `name: lab
nodes: [{ name: rig1, address: 10.0.0.1, role: control-plane }]
storage: {}
databases: { postgres: {}, redis: {}, milvus: {}, dynamodb: {} }
`;
    const parsed = parseCluster(Buffer.from(text), 'mlk8s.yaml').file;
    for (const it of databasesStep.services?.(parsed) ?? []) {
      if (!it.client) continue;
      expect(page).toContain(`\`${it.service}.${it.namespace}.svc:${it.port}\``);
      if (it.login) expect(page).toContain(`\`${it.login.secret}\` in \`${it.namespace}\``);
    }
  });
});
