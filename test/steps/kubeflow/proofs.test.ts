import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProofSpec } from '../../../src/resources/proof.ts';
import { kubeflowStep } from '../../../src/steps/kubeflow/index.ts';
import { namesByKubectl } from '../../real-tools.ts';
import { file, specOf } from './people.ts';

const GPU = { nvidia: { mode: 'operator', sharing: {} } } as never;
const full = file({ components: 'full' }, { gpu: GPU });
interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}
const podOf = (of: typeof full, name: string) => {
  const { objects, pod } = specOf<ProofSpec>(of, name);
  const found = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === pod);
  return (found as unknown as { spec: { containers: readonly [Container]; volumes?: object } }).spec;
};

it('logs in, starts a notebook, and runs a pipeline where there are some', () => {
  const ids = (of: typeof full) =>
    kubeflowStep.resources(of).flatMap(({ kind, id }) => (kind === 'proof' ? [id.replace('kubeflow/proof-', '')] : []));
  expect(ids(file())).toEqual(['login@cluster', 'notebook@cluster']);
  expect(ids(full)).toEqual([
    ...['login@cluster', 'pipeline@cluster', 'notebook@cluster'],
    ...['notebook@rig1', 'notebook@rig2', 'notebook@rig3'],
  ]);
});

it('computes on a card before the notebook starts, with the runtime class that the spawner cannot ask for', () => {
  const found = kubeflowStep.resources(full).find(({ id }) => id === 'kubeflow/proof-notebook@rig2');
  if (!found) throw new Error('there is no proof on rig2');
  const { needsCard, objects } = found.spec as unknown as ProofSpec;
  expect(needsCard).toBe(true);
  expect(found.needs).toContain('gpu/allocatable@rig2');
  expect(objects.find(({ kind }) => kind === 'Notebook')).toMatchObject({
    spec: {
      template: {
        spec: {
          runtimeClassName: 'nvidia',
          nodeSelector: { 'kubernetes.io/hostname': 'rig2' },
          initContainers: [{ resources: { limits: { 'nvidia.com/gpu': 1 } } }],
          containers: [{ resources: { limits: { 'nvidia.com/gpu': 1, memory: '1Gi' } } }],
        },
      },
    },
  });
});

it('lets a notebook join the mesh, and lets somebody to it', () => {
  const [policy, notebook] = specOf<ProofSpec>(full, 'proof-notebook').objects;
  expect(notebook).toMatchObject({ kind: 'Notebook', metadata: { labels: { 'sidecar.istio.io/inject': 'true' } } });
  const selector = { matchLabels: { 'notebook-name': notebook?.metadata.name } };
  expect(policy).toMatchObject({ kind: 'AuthorizationPolicy', spec: { selector, rules: [{}] } });
});

it('has the password in a file only', () => {
  const { containers, volumes } = podOf(file(), 'proof-login');
  expect(volumes).toMatchObject([{ secret: { secretName: 'kubeflow-login-anna' } }]);
  expect(JSON.stringify(containers)).not.toContain('secretKeyRef');
  expect(specOf<ProofSpec>(file(), 'proof-login').secrets).toEqual([
    { namespace: 'auth', name: 'kubeflow-login-anna' },
  ]);
});

it('is what the real kubectl can read', () => {
  const objects = kubeflowStep
    .resources(full)
    .flatMap(({ kind, spec }) => (kind === 'proof' ? (spec as unknown as ProofSpec).objects : []));
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  expect(namesByKubectl(text)).toHaveLength(objects.length);
});

const FORBIDDEN = { error: 'forbidden', code: 7 };

/** What stands before Kubeflow, and what is behind it: as oauth2-proxy, dex, the dashboard and pipelines answer. */
class Gateway {
  readonly asked: string[] = [];
  password = 'p&ss word+1';
  isOpen = false;
  user = 'anna@lab';
  namespace = 'kubeflow-anna';
  hasExperiment = false;
  states = ['PENDING', 'RUNNING', 'SUCCEEDED'];
  readonly server: Server = createServer((request, response) => void this.#answer(request, response));

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString();
    const [path = ''] = (request.url ?? '').split('?');
    const cookies = request.headers.cookie ?? '';
    this.asked.push(`${request.method} ${request.headers.host} ${path}`);
    const to = (location: string, headers = {}) => response.writeHead(303, { location, ...headers }).end();
    const json = (data: object, code = 200) => response.writeHead(code).end(JSON.stringify(data));
    // Set on plain HTTP, and Secure: browsers and curl take it from localhost only.
    if (path === '/oauth2/start')
      return void to('/dex/auth?state=s', { 'set-cookie': 'csrf=1; Path=/; HttpOnly; Secure' });
    if (path === '/dex/auth') return void to('/dex/auth/local?req=1');
    if (path === '/dex/auth/local') return void to('/dex/auth/local/login?back=&state=abc');
    if (path === '/dex/auth/local/login' && request.method === 'GET') return void response.end('<form>');
    if (path === '/dex/auth/local/login') {
      const form = new URLSearchParams(body);
      const isRight = form.get('login') === 'anna@lab' && form.get('password') === this.password;
      return void (isRight ? to('/oauth2/callback?code=c') : response.writeHead(401).end('<form>'));
    }
    if (path === '/oauth2/callback') {
      if (!cookies.includes('csrf=1')) return void response.writeHead(403).end();
      return void to('/', { 'set-cookie': 'oauth2_proxy_kubeflow=session; Path=/; HttpOnly; Secure' });
    }
    if (!this.isOpen && !cookies.includes('oauth2_proxy_kubeflow=session')) return void response.writeHead(403).end();
    if (path === '/') return void response.end('<html>');
    const namespaces = [{ user: this.user, namespace: this.namespace, role: 'owner' }];
    if (path === '/api/workgroup/env-info') return void json({ user: this.user, platform: {}, namespaces });
    this.#pipelines(request.method ?? '', path.replace('/pipeline/apis/v2beta1', ''), body, json);
  }

  #pipelines(
    method: string,
    path: string,
    body: string,
    json: (data: object, code?: number) => ServerResponse,
  ): ServerResponse {
    const experiment = { experiment_id: 'e-1', display_name: 'mlk8s-proof', namespace: this.namespace };
    if (method === 'POST' && path === '/experiments') {
      const { namespace } = JSON.parse(body) as { namespace: string };
      if (namespace !== this.namespace) return json(FORBIDDEN, 403);
      return this.hasExperiment ? json({ error: 'already exists', code: 6 }, 409) : json(experiment);
    }
    if (method === 'GET' && path === '/experiments') {
      return this.namespace === 'kubeflow-anna'
        ? json({ experiments: [experiment], total_size: 1 })
        : json(FORBIDDEN, 403);
    }
    if (method === 'POST' && path === '/runs') {
      const { experiment_id, pipeline_spec } = JSON.parse(body) as { experiment_id: string; pipeline_spec: object };
      const isRight = experiment_id === 'e-1' && JSON.stringify(pipeline_spec).includes('"image":"busybox:');
      return isRight ? json({ run_id: 'r-1', state: 'PENDING' }) : json({ error: 'invalid', code: 3 }, 400);
    }
    if (method === 'GET' && path === '/runs/r-1') {
      const state = this.states.length > 1 ? this.states.shift() : this.states[0];
      const run_details = { task_details: [{ state: 'SUCCEEDED' }] };
      return json({
        run_id: 'r-1',
        storage_state: 'AVAILABLE',
        state,
        run_details,
        state_history: [{ state: 'PENDING' }],
      });
    }
    return json({});
  }
}

describe('the program of a proof', () => {
  const gateway = { now: new Gateway() };
  let dir = '';
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mlk8s-proof-'));
    mkdirSync(join(dir, 'bin'));
    // It waits for nothing, and looks less often.
    for (const [name, text] of Object.entries({ sleep: 'exit 0', seq: 'exec /usr/bin/seq 4' })) {
      writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(dir, 'bin', name), 0o755);
    }
    gateway.now = new Gateway();
    await new Promise<void>((resolve) => gateway.now.server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    rmSync(dir, { recursive: true, force: true });
    await new Promise((resolve) => gateway.now.server.close(resolve));
  });

  /** Runs what the pod runs, with its variables, but for where the gateway and the password are. */
  function run(name: string, more: Record<string, string> = {}): Promise<{ text: string; code: number }> {
    const { port } = gateway.now.server.address() as AddressInfo;
    const [{ command = [], env = [] }] = podOf(full, name).containers;
    writeFileSync(join(dir, 'password'), 'p&ss word+1');
    const variables = {
      ...Object.fromEntries(env.map((it) => [it.name, it.value])),
      ...{ GATEWAY: `127.0.0.1:${port}`, LOGIN: dir, TMPDIR: dir, PATH: `${dir}/bin:${process.env.PATH}` },
      ...more,
    };
    const [shell = '', ...words] = command;
    return new Promise((resolve) =>
      execFile(shell, words, { env: variables }, (error, out, err) =>
        resolve({ text: `${out}${err}`, code: error === null ? 0 : Number(error.code) }),
      ),
    );
  }

  it('logs in as a browser on localhost does', async () => {
    expect(await run('proof-login')).toEqual({ text: 'the dashboard knows who logged in\n', code: 0 });
    expect(gateway.now.asked.every((it) => it.includes(' localhost '))).toBe(true);
  });

  it.each<[string, (it: Gateway) => void, string]>([
    ['strangers are let in', (it) => (it.isOpen = true), 'the gateway does not ask for a login, it answers 200'],
    [
      'the password is another one',
      (it) => (it.password = 'x'),
      'the login of anna@lab ended with 401 http://localhost/dex/auth/local/login',
    ],
    ['somebody else is logged in', (it) => (it.user = 'ben@lab'), 'the dashboard takes anna@lab for somebody else'],
    [
      'the Profile is of somebody else',
      (it) => (it.namespace = 'other'),
      'the dashboard shows anna@lab no namespace kubeflow-anna',
    ],
  ])('fails when %s', async (_, spoil, why) => {
    spoil(gateway.now);
    const { text, code } = await run('proof-login');
    expect(code).toBe(1);
    expect(text).toContain(why);
    expect(text).not.toContain('p&ss');
    expect(text).not.toContain('knows who logged in');
  });

  it('fails when nobody answers', async () => {
    const { text, code } = await run('proof-login', { GATEWAY: '127.0.0.1:1' });
    expect(code).toBe(1);
    expect(text).toContain('the gateway does not ask for a login, it answers 000');
  });

  it.each([false, true])('runs a pipeline and leaves nothing (an experiment was left: %s)', async (isLeft) => {
    gateway.now.hasExperiment = isLeft;
    const { text, code } = await run('proof-pipeline');
    expect(text.split('\n')).toEqual([
      'run r-1: PENDING',
      'run r-1: RUNNING',
      'run r-1: SUCCEEDED',
      'the run succeeded',
      '',
    ]);
    expect(code).toBe(0);
    expect(gateway.now.asked.filter((it) => it.startsWith('DELETE')).map((it) => it.split('/').at(-1))).toEqual([
      'r-1',
      'e-1',
    ]);
  });

  it.each<[string, (it: Gateway) => void, string]>([
    ['fails', (it) => (it.states = ['RUNNING', 'FAILED']), 'look at the run mlk8s-proof of anna@lab: it is FAILED'],
    ['never ends', (it) => (it.states = ['PENDING']), 'look at the run mlk8s-proof of anna@lab: it is PENDING'],
    ['is not allowed', (it) => (it.namespace = 'other'), 'no experiment can be made in kubeflow-anna'],
  ])('fails when the run %s', async (_, spoil, why) => {
    spoil(gateway.now);
    const { text, code } = await run('proof-pipeline');
    expect(code).toBe(1);
    expect(text).toContain(why);
  });

  it('waits until a notebook answers', async () => {
    const calls = { count: 0 };
    const server = createServer((_request, response) => {
      calls.count += 1;
      if (calls.count < 3) response.writeHead(503).end('upstream connect error');
      else response.end('{"version": "2.14.0"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notebook/mlk8s-proof/n/api`;
    expect(await run('proof-notebook', { URL })).toEqual({ text: 'the notebook answers\n', code: 0 });
    await new Promise((resolve) => server.close(resolve));
    const { text, code } = await run('proof-notebook', { URL });
    expect({ code, said: text }).toEqual({
      code: 1,
      said: expect.stringMatching(/^the notebook does not answer: curl: /),
    });
  });
});
