import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { secret, secretKind } from '../../src/resources/secret.ts';
import { InCluster } from './in-cluster.ts';
import { doings, said } from './world.ts';

const LOGIN = { namespace: 'auth', name: 'login-anna' };
const OTHER = { namespace: 'auth', name: 'login-ben' };
const CLIENT = { namespace: 'oidc', name: 'client' };

const hashes = secret({
  ...{ id: 'kubeflow/hashes@cluster', on: 'cluster', needs: [] },
  ...{ namespace: 'auth', name: 'hashes', fixed: {}, generated: [] },
  hashed: { HASH_ANNA: { ...LOGIN, key: 'password' }, HASH_BEN: { ...OTHER, key: 'password' } },
  copied: { client: { ...CLIENT, key: 'secret' } },
  readBy: { namespace: 'auth', name: 'dex' },
}) as Declared;

const DEX = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'dex', namespace: 'auth' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'dex' } },
    template: { metadata: { labels: { app: 'dex' } }, spec: { containers: [{ name: 'dex', image: 'dex:1' }] } },
  },
};

/** What dex asks: whether this is the password of that hash. By the C library, as on the lead. */
function opens(password: string, hash: string): boolean {
  const program = 'my ($p, $h) = map { pack "H*", $_ } @ARGV; print crypt($p, $h) eq $h ? 1 : 0';
  const words = [password, hash].map((it) => Buffer.from(it).toString('hex'));
  return execFileSync('perl', ['-e', program, ...words]).toString() === '1';
}

describe('a Secret that is made of others', () => {
  const inside = new InCluster();
  beforeAll(() => inside.start());
  afterAll(() => inside.stop());

  const put = async ({ namespace, name }: typeof LOGIN, data: Record<string, string>) => {
    await inside.lab.mk('cp1', `kubectl create namespace ${namespace}`);
    await inside.lab.mk('cp1', `kubectl delete secret ${name} -n ${namespace} --ignore-not-found`);
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data };
    await inside.lab.mk('cp1', `kubectl apply -n ${namespace} -f -`, { stdin: JSON.stringify(object) });
  };
  const stored = async () => JSON.parse(await inside.kubectl('get secret hashes -n auth -o json'));
  const value = async (key: string) => Buffer.from((await stored()).data[key] ?? '', 'base64').toString();
  const patch = (data: object) =>
    inside.kubectl('patch secret hashes -n auth --type merge --patch-file /dev/stdin', JSON.stringify(data));
  const bring = async (it: Declared = hashes) =>
    expect(await inside.apply(it, await inside.judge(it))).toEqual({ ok: true, err: '' });
  const started = () =>
    inside.kubectl(
      'get deployment dex -n auth -o jsonpath={.spec.template.metadata.annotations.mlk8s\\.io/reads-hashes}',
    );

  beforeEach(async () => {
    inside.records.splice(0);
    inside.ran.splice(0);
    await put(LOGIN, { password: 'correct horse' });
    await put(OTHER, { password: `it's "$(x)" \\ % ü` });
    await put(CLIENT, { secret: 'shared' });
    await inside.kubectl('delete secret hashes -n auth --ignore-not-found');
    await inside.kubectl('delete deployment dex -n auth --ignore-not-found');
  });

  it('holds the hash of a password and a copy, and is right afterwards', async () => {
    const verdict = await inside.judge(hashes);
    expect(said(verdict)).toBe('change: Secret auth/hashes does not exist');
    expect(doings(verdict)).toEqual(['write client, HASH_ANNA, HASH_BEN into Secret auth/hashes']);
    expect(await inside.apply(hashes, verdict)).toEqual({ ok: true, err: '' });
    expect(await value('HASH_ANNA')).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
    expect(opens('correct horse', await value('HASH_ANNA'))).toBe(true);
    expect(opens('wrong horse', await value('HASH_ANNA'))).toBe(false);
    expect(opens(`it's "$(x)" \\ % ü`, await value('HASH_BEN'))).toBe(true);
    expect(await value('client')).toBe('shared');
    expect(said(await inside.judge(hashes))).toBe('ok: Secret auth/hashes has client, HASH_ANNA, HASH_BEN');
  });

  it('makes anew what another password needs, and nothing else', async () => {
    await bring();
    const before = await value('HASH_BEN');
    await put(LOGIN, { password: 'another' });
    const verdict = await inside.judge(hashes);
    expect(said(verdict)).toBe('change: Secret auth/hashes has another HASH_ANNA than auth/login-anna');
    expect(doings(verdict)).toEqual(['write HASH_ANNA into Secret auth/hashes']);
    await inside.apply(hashes, verdict);
    expect(opens('another', await value('HASH_ANNA'))).toBe(true);
    expect(await value('HASH_BEN')).toBe(before);
    expect(said(await inside.judge(hashes))).toMatch(/^ok/);
  });

  it('copies anew what changed', async () => {
    await bring();
    await put(CLIENT, { secret: 'newer' });
    expect(said(await inside.judge(hashes))).toBe('change: Secret auth/hashes has another client than oidc/client');
    await bring();
    expect(await value('client')).toBe('newer');
  });

  it('notices a hash that somebody else wrote', async () => {
    await bring();
    const data = { data: { HASH_ANNA: Buffer.from('$2b$12$theirs').toString('base64') } };
    await patch(data);
    expect(said(await inside.judge(hashes))).toBe(
      'change: Secret auth/hashes has another HASH_ANNA than auth/login-anna',
    );
    await bring();
    expect(opens('correct horse', await value('HASH_ANNA'))).toBe(true);
  });

  it('drops the hash of somebody who left, and keeps what is not its own', async () => {
    await bring();
    await patch({ data: { theirs: 'a2VwdA==' } });
    const fewer = secret({
      ...{ id: hashes.id, on: 'cluster', needs: [] },
      ...{ namespace: 'auth', name: 'hashes', fixed: {}, generated: [] },
      hashed: { HASH_BEN: { ...OTHER, key: 'password' } },
    }) as Declared;
    const verdict = await inside.judge(fewer);
    expect(said(verdict)).toBe('change: Secret auth/hashes still has HASH_ANNA');
    expect(doings(verdict)).toEqual(['take HASH_ANNA out of Secret auth/hashes']);
    await inside.apply(fewer, verdict);
    expect(Object.keys((await stored()).data).toSorted()).toEqual(['HASH_BEN', 'client', 'theirs']);
    expect(said(await inside.judge(fewer))).toMatch(/^ok/);
  });

  it('says no value, and no script, argument, annotation or verdict has one', async () => {
    const seen: string[] = [];
    inside.intercept(`printf '%s\\n' "$@" >>"${inside.dir}/argv"`);
    const first = await inside.judge(hashes);
    await inside.apply(hashes, first);
    const [ask] = secretKind.asks(hashes as never);
    seen.push((await inside.bash(ask?.sh.bash ?? '')).text, JSON.stringify(first), inside.ran.join('\n'));
    seen.push(JSON.stringify((await stored()).metadata), execFileSync('cat', [`${inside.dir}/argv`]).toString());
    for (const it of ['correct horse', 'shared', await value('HASH_ANNA')]) {
      expect(seen.join('\n')).not.toContain(it);
      expect(seen.join('\n')).not.toContain(Buffer.from(it).toString('base64'));
    }
  });

  it('gives the password to perl on its standard input', () => {
    const verdict = secretKind.judge(hashes as never, { identity: undefined } as never) as Extract<
      Verdict,
      { verdict: 'change' }
    >;
    const [move] = verdict.moves;
    expect(move && 'run' in move ? move.run.bash : '').toContain('base64 -d | bcrypt | base64 -w0');
  });

  it('fails, and writes nothing, while there is nothing to make it of', async () => {
    await inside.kubectl('delete secret login-anna -n auth');
    const verdict = await inside.judge(hashes);
    expect(said(verdict)).toBe('change: Secret auth/hashes does not exist');
    expect(await inside.apply(hashes, verdict)).toEqual({
      ok: false,
      err: expect.stringContaining('Secret auth/login-anna has no password'),
    });
    expect(await inside.kubectl('get secret hashes -n auth --ignore-not-found')).toBe('');
  });

  it('is the same after it was stopped anywhere and applied again', async () => {
    await bring();
    await inside.kubectl('apply -f -', JSON.stringify(DEX));
    for (let commands = 1, isDone = false; !isDone; commands += 7) {
      await put(LOGIN, { password: `after ${commands}` });
      const verdict = await inside.judge(hashes);
      const [move] = verdict.verdict === 'change' ? verdict.moves : [];
      const cut = `n=0; trap 'n=$((n + 1)); [ $n -le ${commands} ] || exit 99' DEBUG`;
      const { status } = await inside.bash(`set -euo pipefail\n${cut}\n${move && 'run' in move ? move.run.bash : ''}`);
      expect([0, 99]).toContain(status);
      isDone = status === 0;
      const again = await inside.judge(hashes);
      if (again.verdict === 'change') await inside.apply(hashes, again);
      expect(said(await inside.judge(hashes))).toMatch(/^ok/);
      expect(opens(`after ${commands}`, await value('HASH_ANNA'))).toBe(true);
      expect(await started()).toBe((await stored()).metadata.annotations['mlk8s.io/revision']);
    }
  });

  describe('with pods that read it when they start', () => {
    it('lets alone pods that start after it was made', async () => {
      await bring();
      await inside.kubectl('apply -f -', JSON.stringify(DEX));
      expect(said(await inside.judge(hashes))).toMatch(/^ok/);
      expect(await started()).toBe('');
    });

    it('has them made anew when it changes, once', async () => {
      await bring();
      await inside.kubectl('apply -f -', JSON.stringify(DEX));
      await put(LOGIN, { password: 'another' });
      const verdict = await inside.judge(hashes);
      expect(doings(verdict)).toEqual([
        'write HASH_ANNA into Secret auth/hashes, and start Deployment auth/dex anew with it',
      ]);
      await inside.apply(hashes, verdict);
      expect(await started()).not.toBe('');
      expect(said(await inside.judge(hashes))).toMatch(/^ok/);
    });

    it('has them made anew by the next run when this one was stopped in between', async () => {
      await bring();
      await inside.kubectl('apply -f -', JSON.stringify(DEX));
      await inside.kubectl(`annotate secret hashes -n auth --overwrite mlk8s.io/revision=later`);
      const verdict = await inside.judge(hashes);
      expect(said(verdict)).toBe(
        'change: the pods of Deployment auth/dex started before Secret auth/hashes was changed',
      );
      expect(doings(verdict)).toEqual(['start Deployment auth/dex anew with Secret auth/hashes']);
      await inside.apply(hashes, verdict);
      expect(await started()).toBe('later');
      expect(said(await inside.judge(hashes))).toMatch(/^ok/);
    });

    it('has them made anew when it was lost and is made once more', async () => {
      await bring();
      await inside.kubectl('apply -f -', JSON.stringify(DEX));
      await inside.kubectl('delete secret hashes -n auth');
      await bring();
      expect(await started()).not.toBe('');
      expect(said(await inside.judge(hashes))).toMatch(/^ok/);
    });
  });
});
