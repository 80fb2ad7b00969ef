import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { flatLines } from '../../../src/charts/values.ts';
import type { Cluster } from '../../../src/config/schema.ts';
import type { HelmReleaseSpec } from '../../../src/resources/helm-release.ts';
import type { ManifestSpec } from '../../../src/resources/manifest.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { databasesStep } from '../../../src/steps/databases/index.ts';
import { realTools } from '../../real-tools.ts';
import { DYNAMODB, file, MILVUS, POSTGRES, REDIS, storage } from './files.ts';

const MONITORING = { retentionDays: 15, sizeGi: 20, pushgateway: true, alerts: {} };
const POOLS = ['rig1', 'rig2', 'rig3'].map((node) => ({ node, disk: '/dev/disk/by-id/ata-A' }));

const VARIANTS: [string, Cluster][] = [
  ['postgres', file({ postgres: POSTGRES }, { monitoring: MONITORING })],
  [
    'postgres-three-copies-on-mayastor',
    file(
      { postgres: { ...POSTGRES, instances: 3, sizeGi: 50, extensions: [] } },
      { storage: { ...storage, mayastor: { pools: POOLS }, defaultClass: 'openebs-single-replica' } },
    ),
  ],
  ['redis', file({ redis: REDIS })],
  ['redis-large', file({ redis: { ...REDIS, sizeGi: 20, memoryMi: 4096, commander: false, storageClass: 'nfs-csi' } })],
  ['milvus', file({ milvus: MILVUS })],
  ['milvus-without-attu', file({ milvus: { ...MILVUS, memoryMi: 16384, attu: false } })],
  ['dynamodb', file({ dynamodb: DYNAMODB })],
];

const of = (it: Cluster, kind: string) => databasesStep.resources(it).filter((one) => one.kind === kind);
const releasesOf = (it: Cluster) => of(it, 'helm-release').map(({ spec }) => spec as unknown as HelmReleaseSpec);
const manifestsOf = (it: Cluster) => of(it, 'manifest').map(({ spec }) => spec as unknown as ManifestSpec);
const proofsOf = (it: Cluster) => of(it, 'proof').map(({ spec }) => spec as unknown as ProofSpec);

describe.each(VARIANTS)('%s', (name, it_) => {
  it('is written as in the golden file', async () => {
    const values = Object.fromEntries(releasesOf(it_).map(({ release, values }) => [release, values]));
    const objects = manifestsOf(it_).flatMap((spec) => spec.objects);
    await expect(stringify({ values, objects })).toMatchFileSnapshot(`../../golden/databases/${name}.yaml`);
  });

  it('sets only values that the chart is known to have', () => {
    for (const { chart, values } of releasesOf(it_)) {
      const rows = readFileSync(new URL(`../../charts/keys/${chart}.txt`, import.meta.url), 'utf8').split('\n');
      const known = rows.filter((row) => row !== '' && !row.startsWith('#'));
      const keys = flatLines(values).map((line) => line.slice(0, line.indexOf(': ')));
      const isKnown = (key: string) =>
        known.some((one) => (one.endsWith('.*') ? key.startsWith(one.slice(0, -1)) : key === one));
      expect(keys.filter((key) => !isKnown(key))).toEqual([]);
    }
  });
});

describe('the real helm, kubectl and sh', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mlk8s-databases-'));
    mkdirSync(join(dir, 'echo/templates'), { recursive: true });
    writeFileSync(join(dir, 'echo/Chart.yaml'), 'apiVersion: v2\nname: echo\nversion: 1.0.0\n');
    writeFileSync(join(dir, 'echo/templates/values.yaml'), '{{ toYaml .Values }}\n');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(VARIANTS)('helm reads the values as they are meant: %s', (_, it_) => {
    for (const { values } of releasesOf(it_)) {
      const words = ['template', 'x', join(dir, 'echo'), '-f', '-'];
      const out = execFileSync(join(realTools(), 'helm'), words, { input: JSON.stringify(values), env: { HOME: dir } });
      expect(parse(out.toString())).toEqual(values);
    }
  });

  it.each(VARIANTS)('kubectl takes the objects: %s', (_, it_) => {
    const items = [...manifestsOf(it_), ...proofsOf(it_)].flatMap(({ objects }) => objects);
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const words = ['annotate', '--local', '-f', '-', '-o', 'name', 'parsed=yes'];
    const out = execFileSync(join(realTools(), 'kubectl'), words, { input, encoding: 'utf8', env: { HOME: dir } });
    expect(out.trim().split('\n')).toHaveLength(items.length);
  });
});
