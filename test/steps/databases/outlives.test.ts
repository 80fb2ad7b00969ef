import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { DYNAMODB, file, MILVUS, POSTGRES, REDIS, resourceOf } from './files.ts';

const all = file({ postgres: POSTGRES, redis: REDIS, milvus: MILVUS, dynamodb: DYNAMODB });
const specOf = (name: string) => resourceOf(all, `proof-${name}`).spec as unknown as ProofSpec;
function scriptOf({ objects }: ProofSpec, pod: string | undefined): string {
  const found = objects.find(({ metadata }) => metadata.name === pod) as KubeManifest & {
    spec: { containers: { command: string[] }[] };
  };
  return found.spec.containers[0]?.command[2] ?? '';
}

/** Programs that answer as the databases do, and keep what is written in files. */
const FAKES = {
  'valkey-cli': `#!/bin/sh
[ "$REDISCLI_AUTH" = secret ] || { echo 'NOAUTH Authentication required.' >&2; exit 1; }
shift 3
case $1 in
  PING) echo PONG ;;
  SET) printf %s "$3" >kept; echo OK ;;
  GET) cat kept 2>/dev/null || echo ;;
  DEL) rm -f kept; echo 1 ;;
esac
`,
  psql: `#!/bin/sh
[ "$PGPASSWORD" = secret ] || { echo 'FATAL: password authentication failed for user "app"' >&2; exit 2; }
case "$*" in
  *'DROP TABLE IF EXISTS'*) rm -f kept ;;
  *DROP*) rm kept ;;
  *INSERT*) printf written >kept ;;
  *word*) cat kept ;;
  *) echo 1 ;;
esac
`,
  curl: `#!/bin/sh
case "$*" in *-K*) grep -q 'Bearer root:secret"' || { echo '{"code":1800,"message":"auth check failure"}'; exit 0; } ;; esac
case "$*" in
  *entities/insert*) touch kept; echo '{"code":0,"data":{"insertCount":1}}' ;;
  *entities/get*) if [ -e kept ]; then echo '{"code":0,"data":[{"id":"7"}]}'; else echo '{"code":0,"data":[]}'; fi ;;
  *vectordb*drop*) rm -f kept; echo '{"code":0,"data":{}}' ;;
  *vectordb*) echo '{"code":0,"data":[]}' ;;
  *.PutItem*) touch kept; echo '{}' ;;
  *.GetItem*) if [ -e kept ]; then echo '{"Item":{"id":{"S":"written"}}}'; else echo '{}'; fi ;;
  *.DeleteTable*) [ -e kept ] || exit 22; rm kept; echo '{}' ;;
  *) echo '{}' ;;
esac
`,
  sleep: '#!/bin/sh\n',
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlk8s-outlives-'));
  for (const [name, text] of Object.entries(FAKES)) {
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), 0o755);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(script: string, password = 'secret'): { ok: boolean; out: string } {
  const env = { PATH: `${dir}:${process.env.PATH}`, REDISCLI_AUTH: password, PGPASSWORD: password, PASSWORD: password };
  try {
    return { ok: true, out: execFileSync('sh', ['-c', script], { cwd: dir, env, encoding: 'utf8', stdio: 'pipe' }) };
  } catch (error) {
    return { ok: false, out: (error as { stdout: string }).stdout };
  }
}

describe.each(['postgres', 'redis', 'milvus', 'dynamodb'])('the proof of %s', (name) => {
  const spec = specOf(name);
  const [write, read] = [scriptOf(spec, spec.restart?.after), scriptOf(spec, spec.pod)];

  it('finds what it wrote, and leaves nothing behind', () => {
    expect(run(write)).toMatchObject({ ok: true, out: expect.stringMatching(/written\n$/) });
    expect(run(read)).toMatchObject({ ok: true, out: expect.stringMatching(new RegExp(`${spec.expect}\n$`)) });
    expect(run(read).ok).toBe(false);
  });

  it('can be made again after one that was cut off', () => {
    run(write);
    expect(run(write).ok).toBe(true);
    expect(run(read).ok).toBe(true);
  });

  it('restarts its pods in between, which are those that its pods are beside', () => {
    const [pod] = spec.objects as unknown as { spec: { affinity: { podAffinity: Record<string, object[]> } } }[];
    const matchLabels = Object.fromEntries((spec.restart?.pods ?? '').split(',').map((label) => label.split('=')));
    expect(pod?.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
      { labelSelector: { matchLabels }, namespaces: [name], topologyKey: 'kubernetes.io/hostname' },
    ]);
    expect(spec.restart).toMatchObject({ namespace: name });
  });
});

it.each(['postgres', 'redis', 'milvus'])('of %s fails with another password, which it has from the Secret', (name) => {
  const spec = specOf(name);
  expect(run(scriptOf(spec, spec.restart?.after), 'other').ok).toBe(false);
  expect(spec.secrets).toEqual([{ namespace: name, name: expect.any(String) }]);
  expect(JSON.stringify(spec)).not.toMatch(/Bearer root:(?!%s)/);
});

type Databases = Parameters<typeof file>[0];
const inputsOf = (databases: Databases, name: keyof Databases) =>
  (resourceOf(file(databases), `proof-${name}`).spec as unknown as ProofSpec).inputs;

it.each<[keyof Databases, Databases]>([
  ['postgres', { postgres: { ...POSTGRES, instances: 2 } }],
  ['redis', { redis: { ...REDIS, memoryMi: 1024 } }],
  ['milvus', { milvus: { ...MILVUS, memoryMi: 8192 } }],
])('of %s is made anew when what runs it changes', (name, other) => {
  expect(inputsOf(other, name)).not.toEqual(specOf(name).inputs);
});

it.each<[keyof Databases, Databases]>([
  ['postgres', { postgres: { ...POSTGRES, extensions: [] } }],
  ['redis', { redis: { ...REDIS, commander: false } }],
  ['milvus', { milvus: { ...MILVUS, attu: false } }],
])('of %s restarts nothing when something beside it changes', (name, other) => {
  expect(inputsOf(other, name)).toEqual(specOf(name).inputs);
});

it('restarts nothing when only a deadline of ours changes', () => {
  const told = JSON.stringify(['postgres', 'redis', 'milvus', 'dynamodb'].map((name) => specOf(name).inputs));
  expect(told).not.toMatch(/readyS|admittedS|claims|"repo"/);
});

it('says what changed', () => {
  expect(specOf('redis').inputs).toMatchObject({ chart: 'valkey', values: { deploymentStrategy: 'Recreate' } });
});
