import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Verdict, World } from '../../../src/engine/types.ts';
import { kubeconfig, kubeconfigKind } from '../../../src/resources/kubeconfig.ts';
import { answerOf, at, worldOf } from '../../resources/world.ts';

const ADMIN = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://192.168.122.1:16443
  name: microk8s-cluster
contexts:
- context: {cluster: microk8s-cluster, user: admin}
  name: microk8s
current-context: microk8s
kind: Config
users:
- name: admin
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
`;
const declared = kubeconfig({
  id: 'microk8s/kubeconfig@workstation',
  on: 'workstation',
  needs: [],
  context: 'home',
  planes: ['10.0.0.1', '10.0.0.2'],
});

/** A user's home, asked and changed by the very scripts that go to a workstation. */
class Home {
  readonly dir = mkdtempSync(join(tmpdir(), 'mlk8s-home-'));
  readonly file = join(this.dir, '.kube/config');

  constructor(content?: string) {
    if (content === undefined) return;
    mkdirSync(join(this.dir, '.kube'));
    writeFileSync(this.file, content, { mode: 0o600 });
  }

  #bash(script: string, env: Record<string, string> = {}): string {
    return execFileSync('bash', ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script], {
      env: { PATH: process.env.PATH, HOME: this.dir, ...env },
    }).toString();
  }

  judge(admin = ADMIN): Verdict {
    const [mine] = kubeconfigKind.asks(declared);
    const text = this.#bash(`set +e; ${mine?.sh.bash} 2>/dev/null; true`);
    const answers = new Map([
      [at('workstation', 'kubeconfig'), answerOf(text)],
      [at('cluster', 'admin kubeconfig'), answerOf(admin)],
    ]);
    const world: World = { ...worldOf({ answers }), lead: 'rig1', identity: 'X' };
    return kubeconfigKind.judge(declared, world);
  }

  apply(verdict: Verdict): void {
    if (verdict.verdict !== 'change') throw new Error(`nothing to apply: ${JSON.stringify(verdict)}`);
    const [move] = verdict.moves;
    const input = move && 'inputs' in move ? move.inputs?.kubeconfig : undefined;
    const inputs = mkdtempSync(join(tmpdir(), 'mlk8s-inputs-'));
    writeFileSync(join(inputs, 'kubeconfig'), input && 'secret' in input ? input.secret : '');
    this.#bash(move && 'run' in move ? move.run.bash : 'false', { INPUTS: inputs });
  }

  read() {
    return parse(readFileSync(this.file, 'utf8'));
  }
}

describe('the kubeconfig of the user', () => {
  it('is made, 0600, with a context named after the cluster, and then is ok', () => {
    const home = new Home();
    home.apply(home.judge());
    expect(home.judge()).toEqual({ verdict: 'ok', because: `context home is in ${home.file}` });
    expect(statSync(home.file).mode & 0o777).toBe(0o600);
    expect(home.read()).toMatchObject({
      'current-context': 'home',
      clusters: [{ name: 'home', cluster: { server: 'https://10.0.0.1:16443', 'certificate-authority-data': 'Q0E=' } }],
      users: [{ name: 'home-admin', user: { 'client-key-data': 'S0VZ' } }],
    });
  });

  it('keeps everything else as it was: comments, contexts, the current one; the last version lies beside it', () => {
    const mine =
      '# mine\napiVersion: v1\nkind: Config\ncurrent-context: work # at work\ncontexts:\n  - name: work\n    context: { cluster: work, user: me }\n';
    const home = new Home(mine);
    const verdict = home.judge();
    expect(verdict).toMatchObject({ adopts: true });
    home.apply(verdict);
    const after = readFileSync(home.file, 'utf8');
    for (const line of mine.trimEnd().split('\n')) expect(after).toContain(line);
    expect(home.read()['current-context']).toBe('work');
    expect(readFileSync(`${home.file}.mlk8s-backup`, 'utf8')).toBe(mine);
    expect(home.judge().verdict).toBe('ok');
  });

  it('takes new credentials over and leaves the namespace that the user chose, and a server that still is one of ours', () => {
    const home = new Home();
    home.apply(home.judge());
    const text = readFileSync(home.file, 'utf8')
      .replace('10.0.0.1', '10.0.0.2')
      .replace('user: home-admin', 'user: home-admin\n      namespace: shop');
    writeFileSync(home.file, text);
    expect(home.judge().verdict).toBe('ok');
    const renewed = home.judge(ADMIN.replace('S0VZ', 'TkVX'));
    expect(renewed).toMatchObject({ verdict: 'change', because: `${home.file} has another user home-admin` });
    home.apply(renewed);
    expect(home.read().users[0].user['client-key-data']).toBe('TkVX');
    expect(home.read().contexts[0].context.namespace).toBe('shop');
  });

  it('shows no secret in its verdict', () => {
    const verdict = new Home().judge();
    const shown = JSON.stringify(verdict, (key, value) => (key === 'inputs' ? undefined : value));
    for (const secret of ['S0VZ', 'Q0VSVA==']) expect(shown).not.toContain(secret);
  });

  it('does not overwrite what somebody changed since the question', () => {
    const home = new Home('apiVersion: v1\n');
    const verdict = home.judge();
    writeFileSync(home.file, 'apiVersion: v1\n# changed\n');
    expect(() => home.apply(verdict)).toThrow('was changed meanwhile');
    expect(readdirSync(join(home.dir, '.kube'))).toEqual(['config']);
  });

  it.each(['- a list\n', 'a: [1, 2\n', 'just words\n'])(
    'refuses to touch a file that is no kubeconfig: %j',
    (content) => {
      expect(new Home(content).judge()).toMatchObject({ verdict: 'refused' });
    },
  );

  it('waits while the lead does not hand it out', () => {
    expect(new Home().judge('microk8s is not running, try microk8s start\n')).toMatchObject({ verdict: 'settling' });
  });
});
