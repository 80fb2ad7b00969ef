import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Answer, Ask, Declared, Verdict, World } from '../../src/engine/types.ts';
import { kinds } from '../../src/resources/index.ts';
import { realTools } from '../real-tools.ts';
import { at, cluster, node, worldOf } from '../resources/world.ts';
import { ApiServer } from './api-server.ts';

/**
 * The real helm and kubectl in front of an API that only stores, a fresh one for each test of the file. The bash of this
 * computer runs asks and moves in a folder that stands for the lead: `/var/lib/mlk8s` lies in it.
 */
export function realCluster() {
  let tools = '';
  let dir = '';
  let api = new ApiServer();

  beforeAll(() => {
    tools = realTools();
  });
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mlk8s-real-'));
    api = new ApiServer();
    const server = await api.start();
    mkdirSync(join(dir, 'bin'));
    const shim = `#!/bin/sh\ncase $1 in kubectl) shift; exec ${tools}/kubectl "$@";; helm3) shift; exec ${tools}/helm "$@";; esac\n`;
    writeFileSync(join(dir, 'bin/microk8s'), shim, { mode: 0o755 });
    const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'c' };
    const [clusters, contexts] = [
      [{ name: 'c', cluster: { server } }],
      [{ name: 'c', context: { cluster: 'c', user: '' } }],
    ];
    writeFileSync(join(dir, 'kubeconfig'), JSON.stringify({ ...config, clusters, contexts, users: [] }));
  });
  afterEach(() => {
    api.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function bash(script: string, inputs: Readonly<Record<string, string>> = {}) {
    const folder = mkdtempSync(join(dir, 'inputs-'));
    for (const [name, value] of Object.entries(inputs)) writeFileSync(join(folder, name), value);
    const env = {
      PATH: `${dir}/bin:${process.env.PATH}`,
      HOME: dir,
      KUBECONFIG: join(dir, 'kubeconfig'),
      INPUTS: folder,
    };
    const text = script.replaceAll('/var/lib/mlk8s', join(dir, 'state'));
    const child = spawn('bash', ['--norc', '-c', text], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { text: '', err: '' };
    child.stdout.on('data', (piece: Buffer) => (out.text += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (out.err += piece.toString()));
    return new Promise<typeof out & { status: number }>((resolve) =>
      child.on('close', (code) => resolve({ ...out, status: code ?? 137 })),
    );
  }

  async function world(asks: readonly Ask[]): Promise<World> {
    const answers = new Map<string, Answer>();
    for (const ask of asks) {
      const { text, status } = await bash(ask.sh.bash);
      answers.set(at(ask.on, ask.key), { kind: 'bytes', text, status, cut: false });
    }
    const file = cluster([node('cp1', { role: 'control-plane' })]);
    return { ...worldOf({ file, answers }), lead: 'cp1', identity: 'X' };
  }

  async function judge(it: Declared, all = kinds): Promise<Verdict> {
    const kind = all[it.kind];
    if (!kind) throw new Error(`no kind ${it.kind}`);
    const declared = { ...it, origin: 'created', state: 'done' } as Declared;
    return kind.judge(declared, await world(kind.asks(declared)));
  }

  /** Runs the moves of a change until one fails; how that ended, and what they said on standard error. */
  async function tried(verdict: Verdict): Promise<{ status: number; err: string }> {
    if (verdict.verdict !== 'change') throw new Error(JSON.stringify(verdict));
    let said = '';
    for (const move of verdict.moves) {
      if (!('run' in move)) throw new Error(move.does);
      const inputs = Object.entries(move.inputs ?? {}).map(([name, it]) => [name, 'secret' in it ? it.secret : '']);
      const { status, err } = await bash(`set -euo pipefail\n${move.run.bash}`, Object.fromEntries(inputs));
      said += err.replace(/^WARNING:.*\n/gm, '');
      if (status !== 0) return { status, err: said };
    }
    return { status: 0, err: said };
  }

  async function apply(verdict: Verdict): Promise<void> {
    expect(await tried(verdict)).toEqual({ status: 0, err: '' });
  }

  return { dir: () => dir, api: () => api, bash, judge, tried, apply };
}
