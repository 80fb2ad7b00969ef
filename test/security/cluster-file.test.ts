import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CHARTS } from '../../src/charts/keys.ts';
import { replaceFile } from '../../src/cli/write-file.ts';
import { knownKeys } from '../../src/config/keys.ts';
import { parseCluster } from '../../src/config/load.ts';
import type { Cluster } from '../../src/config/schema.ts';
import { UserError } from '../../src/errors.ts';
import { sshSettings } from '../../src/transport/ssh-config.ts';
import { hostile, runs } from './hostile.ts';

const isChart = (key: string) => (CHARTS as readonly string[]).includes(key);

/** A file with `bad` at each place of a key at once or at one of them: as a value, and where keys are free as a key. */
function fileWith(path: string, bad: string): object {
  const taint = { key: 'gpu', value: 'x', effect: 'NoSchedule' };
  const ssh = { user: 'lab', identityFile: '~/.ssh/id', jump: 'gate', hostKey: `SHA256:${'a'.repeat(43)}` };
  const rig1 = { name: 'rig1', address: '10.0.0.1', role: 'control-plane', labels: { a: 'b' }, taints: [taint], ssh };
  const file: Record<string, unknown> = {
    name: 'home',
    microk8s: { channel: '1.35/stable' },
    ssh,
    node: { dataDir: '/data/x', sleep: 'leave' },
    nodes: [structuredClone(rig1)],
    storage: { mayastor: { pools: [{}] }, nfs: { server: 'nas', share: '/srv' }, registry: {} },
    gpu: {},
    network: { loadBalancer: { from: '10.0.0.50', to: '10.0.0.60' } },
    monitoring: {
      alerts: {
        email: { to: 'a@b', from: 'a@b', server: 'c:25' },
        telegram: { chat: 1, token: 'env:A' },
        ntfy: { url: 'https://d' },
        webhook: { url: 'env:B' },
      },
    },
    cost: {},
    databases: { postgres: { extensions: ['vector'] }, redis: {}, milvus: {}, dynamodb: {} },
    devbox: { git: { name: 'Ann', email: 'a@b' }, vscode: { extensions: ['a.b'] }, docker: {} },
    kubeflow: { components: 'minimal', users: [{ name: 'anna', email: 'a@b' }], source: './kubeflow' },
    charts: {},
  };
  if (path === 'nodes[].labels') return { ...file, nodes: [{ ...rig1, labels: { [bad]: bad } }] };
  let here = file;
  const parts = path.replaceAll('[]', '.0').split('.');
  for (const part of parts.slice(0, -1)) here = here[part] as Record<string, unknown>;
  here[parts.at(-1) as string] = bad;
  return structuredClone(file);
}

const strings = [
  ...knownKeys()
    .filter(({ schema }) => schema.type === 'string' || schema.enum)
    .map(({ path }) => path),
  'nodes[].labels',
];

/** Every text of a valid file, with the name of its key. */
function texts(value: unknown, key = ''): [string, string][] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, it]) => [['key', name] as [string, string], ...texts(it, name)]);
}

describe('a text of the cluster file', () => {
  it('is one of all that there are', () => {
    expect(strings).toContain('nodes[].taints[].value');
    expect(strings.length).toBeGreaterThan(15);
  });

  it('is refused with a problem, or means nothing to a shell and is no option', () => {
    fc.assert(
      fc.property(fc.constantFrom(...strings), hostile, (path, bad) => {
        let file: Cluster;
        try {
          file = parseCluster(Buffer.from(JSON.stringify(fileWith(path, bad))), 'mlk8s.yaml').file;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          for (const { seen } of error.problems)
            expect(seen).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
          return;
        }
        for (const [key, text] of texts(file)) {
          // Paths of the user's own, which no shell gets to see as its own words.
          if (key === 'identityFile' || isChart(key)) continue;
          expect(text).toMatch(/^([A-Za-z0-9/_][A-Za-z0-9@%+=:,./_-]*)?$/);
        }
      }),
      { numRuns: runs(150, 20_000) },
    );
  });

  it('never becomes an option of ssh', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlk8s-option-'));
    const configFile = join(folder, 'config');
    writeFileSync(configFile, '');
    for (const name of [`-oProxyCommand=touch ${folder}/CANARY`, `-F${folder}/x`, '-G', '--', '-', '$(x)']) {
      const found = await sshSettings(name, name, { configFile }).catch((error: unknown) => error);
      expect(JSON.stringify(found)).not.toContain('"proxyCommand":"touch');
    }
    expect(() => statSync(join(folder, 'CANARY'))).toThrow();
    rmSync(folder, { recursive: true });
  });
});

describe('the cluster file that add-node writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlk8s-write-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keeps its mode, and what a link leads to is written, not the link', async () => {
    const real = join(folder, 'real.yaml');
    const link = join(folder, 'mlk8s.yaml');
    writeFileSync(real, 'old');
    chmodSync(real, 0o600);
    symlinkSync(real, link);
    await replaceFile(link, 'new');
    expect([readFileSync(real, 'utf8'), statSync(real).mode & 0o777]).toEqual(['new', 0o600]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });
});
