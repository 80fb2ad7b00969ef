import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Recorded, Verdict, World } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { kubeconfig } from '../../src/resources/kubeconfig.ts';
import { answerOf, at, worldOf } from './world.ts';

const ADMIN = `clusters:
- cluster: {certificate-authority-data: Q0E=, server: 'https://192.168.122.1:16443'}
  name: microk8s-cluster
users:
- name: admin
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
`;
const declared = kubeconfig({
  ...{ id: 'microk8s/kubeconfig@workstation', on: 'workstation', needs: [] },
  ...{ context: 'home', planes: ['10.0.0.1'] },
});

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mlk8s-home-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const path = () => join(home, '.kube/config');

function bash(script: string, env: Record<string, string> = {}): string {
  const options = { env: { PATH: process.env.PATH, HOME: home, ...env } };
  return execFileSync('bash', ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script], options).toString();
}

function judge(it: Declared, turned: boolean): Verdict {
  const kind = (turned ? undoing(kinds) : kinds)[it.kind];
  const mine = kind?.asks(it).find((ask) => ask.on === 'workstation');
  const answers = new Map([
    [at('workstation', 'kubeconfig'), answerOf(bash(`set +e; ${mine?.sh.bash} 2>/dev/null; true`))],
    [at('cluster', 'admin kubeconfig'), answerOf(ADMIN)],
  ]);
  const world: World = { ...worldOf({ answers }), lead: 'rig1', identity: 'X' };
  return kind?.judge(it, world) as Verdict;
}

function run(verdict: Verdict): void {
  const move = verdict.verdict === 'change' ? verdict.moves[0] : undefined;
  if (!move || !('run' in move)) throw new Error(JSON.stringify(verdict));
  const input = move.inputs?.kubeconfig;
  const folder = mkdtempSync(join(tmpdir(), 'mlk8s-inputs-'));
  writeFileSync(join(folder, 'kubeconfig'), input && 'secret' in input ? input.secret : '');
  bash(move.run.bash, { INPUTS: folder });
  rmSync(folder, { recursive: true });
}

const record = (origin: 'created' | 'adopted'): Recorded => ({ ...(declared as Declared), origin, state: 'done' });

describe('the kubeconfig, undone', () => {
  it('is gone when it held nothing else, with its folder and its backup', () => {
    run(judge(declared as Declared, false));
    run(judge(record('created'), true));
    expect(readdirSync(home)).toEqual([]);
    expect(judge(record('created'), true)).toMatchObject({ verdict: 'ok' });
  });

  it('keeps what is the user’s: other contexts, comments, the current context', () => {
    const theirs = `apiVersion: v1
kind: Config
# work
clusters:
  - {name: work, cluster: {server: https://10.9.9.9:6443}}
users:
  - {name: work, user: {token: abc}}
contexts:
  - {name: work, context: {cluster: work, user: work}}
current-context: work
`;
    mkdirSync(join(home, '.kube'));
    writeFileSync(path(), theirs);
    run(judge(declared as Declared, false));
    expect(readFileSync(path(), 'utf8')).toContain('name: home');
    run(judge(record('adopted'), true));
    expect(bash(`cat ${path()}`).replaceAll(/[\s{}]/g, '')).toBe(theirs.replaceAll(/[\s{}]/g, ''));
    expect(readdirSync(join(home, '.kube'))).toEqual(['config']);
  });

  it.each([
    ['as kubectl writes it', '- cluster:\n    server: https://10.9.9.9:6443\n  name: work\n'],
    ['with lists that are indented', '  - cluster:\n      server: https://10.9.9.9:6443\n    name: work\n'],
    ['with entries in one line', '- {name: work, cluster: {server: https://10.9.9.9:6443}}\n'],
  ])('gives a file back byte for byte, %s', (_, clusters) => {
    const dash = clusters.slice(0, clusters.indexOf('-') + 1);
    const theirs = `apiVersion: v1\nkind: Config\nclusters:\n${clusters}users:\n${dash} name: work\ncontexts:\n${dash} name: work\ncurrent-context: work\n`;
    mkdirSync(join(home, '.kube'));
    writeFileSync(path(), theirs);
    const there = judge(declared as Declared, false);
    const because = `${path()} has no cluster home, no user home-admin, no context home`;
    expect(there).toMatchObject({ because });
    run(there);
    run(judge(record('adopted'), true));
    expect(readFileSync(path(), 'utf8')).toBe(theirs);
  });

  it('says what is another one', () => {
    run(judge(declared as Declared, false));
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('user: home-admin', 'user: other'));
    expect(judge(declared as Declared, false)).toMatchObject({ because: `${path()} has another context home` });
  });

  it('keeps a context of that name that leads to another machine by now', () => {
    run(judge(declared as Declared, false));
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('10.0.0.1', '10.7.7.7'));
    expect(judge(record('created'), true)).toMatchObject({
      stays: true,
      because: `context home in ${path()} was changed after mlk8s wrote it: it leads to another address`,
    });
  });

  it('has its backup until the file without the context is whole', () => {
    run(judge(declared as Declared, false));
    writeFileSync(
      path(),
      `${readFileSync(path(), 'utf8')}extensions: []\n`.replace(
        'contexts:\n',
        'contexts:\n  - {name: other, context: {}}\n',
      ),
    );
    writeFileSync(`${path()}.mlk8s-backup`, 'earlier');
    const verdict = judge(record('created'), true);
    const move = verdict.verdict === 'change' ? verdict.moves[0] : undefined;
    expect(() => bash(move && 'run' in move ? move.run.bash : '', { INPUTS: join(home, 'none') })).toThrow();
    expect(readFileSync(`${path()}.mlk8s-backup`, 'utf8')).toBe('earlier');
  });

  it('forgets a current context that is no more, and leaves a file that somebody damaged', () => {
    run(judge(declared as Declared, false));
    writeFileSync(path(), `${readFileSync(path(), 'utf8')}extensions: [{name: mine, extension: {}}]\n`);
    writeFileSync(
      path(),
      readFileSync(path(), 'utf8').replace('contexts:\n', 'contexts:\n  - {name: other, context: {}}\n'),
    );
    run(judge(record('created'), true));
    expect(readFileSync(path(), 'utf8')).not.toContain('home');
    writeFileSync(path(), '{');
    expect(judge(record('created'), true)).toMatchObject({ verdict: 'ok', stays: true });
    expect(existsSync(path())).toBe(true);
  });
});
