import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Declared, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { secret, secretKind } from '../../src/resources/secret.ts';
import { InCluster } from './in-cluster.ts';
import { doings, said, worldOf } from './world.ts';

const PLACE = { id: 'monitoring/admin@cluster', on: 'cluster', needs: [] } as const;
const SPEC = { namespace: 'observability', name: 'grafana-admin', fixed: { 'admin-user': 'admin' } };
const admin = secret({ ...PLACE, ...SPEC, generated: ['admin-password'] }) as Declared;

describe('a Secret', () => {
  const inside = new InCluster();
  beforeAll(() => inside.start());
  afterAll(() => inside.stop());
  beforeEach(async () => {
    inside.records.splice(0);
    inside.given.clear();
    inside.ran.splice(0);
    await inside.lab.mk('cp1', 'kubectl delete secret grafana-admin -n observability --ignore-not-found');
  });

  interface Stored {
    readonly metadata: { readonly labels?: object; readonly annotations?: Record<string, string> };
    readonly data: Record<string, string>;
  }
  const stored = async (): Promise<Stored> =>
    JSON.parse((await inside.lab.mk('cp1', 'kubectl get secret grafana-admin -n observability -o json')).out);
  const value = async (key: string) => Buffer.from((await stored()).data[key] ?? '', 'base64').toString();
  const put = async (data: Record<string, string>, metadata: object = {}) => {
    await inside.lab.mk('cp1', 'kubectl create namespace observability');
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: SPEC.name, ...metadata }, stringData: data };
    await inside.lab.mk('cp1', 'kubectl apply -n observability -f -', { stdin: JSON.stringify(object) });
  };
  const bring = async (it: Declared) =>
    expect(await inside.apply(it, await inside.judge(it))).toMatchObject({ ok: true });

  it('is made with its namespace, with a password that the lead makes', async () => {
    const verdict = await inside.judge(admin);
    expect(said(verdict)).toBe('change: Secret observability/grafana-admin does not exist');
    expect(await inside.apply(admin, verdict)).toEqual({ ok: true, err: '' });
    expect(await stored()).toMatchObject({
      type: 'Opaque',
      metadata: { labels: { 'app.kubernetes.io/managed-by': 'mlk8s', 'mlk8s.io/secret-for': 'monitoring' } },
    });
    expect(await value('admin-user')).toBe('admin');
    expect(await value('admin-password')).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(said(await inside.judge(admin))).toBe(
      'ok: Secret observability/grafana-admin has admin-user, admin-password',
    );
  });

  it('keeps its password, also when the move runs once more', async () => {
    const first = await inside.judge(admin);
    await inside.apply(admin, first);
    const password = await value('admin-password');
    expect(await inside.apply(admin, first)).toMatchObject({ ok: true });
    expect(await value('admin-password')).toBe(password);
  });

  it('gets another password when it is made anew', async () => {
    await bring(admin);
    const password = await value('admin-password');
    await inside.lab.mk('cp1', 'kubectl delete secret grafana-admin -n observability');
    await bring(admin);
    expect(await value('admin-password')).not.toBe(password);
  });

  it('answers no value that is a secret', async () => {
    await bring(admin);
    const [ask] = secretKind.asks(admin as never);
    const { text } = await inside.bash(ask?.sh.bash ?? '');
    expect(text).toContain('key\tadmin-password\t32\t\n');
    expect(text).toContain(`key\tadmin-user\t5\t${Buffer.from('admin').toString('base64')}\n`);
    const password = await value('admin-password');
    expect(text).not.toContain(password);
    expect(text).not.toContain(Buffer.from(password).toString('base64'));
  });

  it('gets the key that it lacks, and keeps what a person put into it', async () => {
    await put({ 'admin-user': 'admin', theirs: 'kept' });
    const verdict = await inside.judge(admin);
    expect(said(verdict)).toBe('change: Secret observability/grafana-admin has no admin-password, and is not of mlk8s');
    expect(verdict).toMatchObject({ adopts: true });
    await inside.apply(admin, verdict);
    expect(await value('theirs')).toBe('kept');
    expect(await value('admin-password')).toHaveLength(32);
    expect(Object.keys((await stored()).data).sort()).toEqual(['admin-password', 'admin-user', 'theirs']);
  });

  it.each([
    ['another user', { 'admin-user': 'root', 'admin-password': 'x' }, 'has another admin-user'],
    ['an empty password', { 'admin-user': 'admin', 'admin-password': '' }, 'has no admin-password'],
  ])('is put right when it has %s', async (_, data, because) => {
    await put(data);
    expect(said(await inside.judge(admin))).toContain(`change: Secret observability/grafana-admin ${because}`);
    await bring(admin);
    expect(said(await inside.judge(admin))).toMatch(/^ok/);
  });

  it('is not made anew under data that knows the old password', async () => {
    const guarded = secret({ ...PLACE, ...SPEC, generated: ['admin-password'], knownTo: 'grafana' }) as Declared;
    await bring(guarded);
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'grafana' } };
    await inside.lab.mk('cp1', 'kubectl apply -n observability -f -', { stdin: JSON.stringify(claim) });
    expect(said(await inside.undo(guarded))).toMatch(/^ok: .*claim grafana, which its password opens, is there$/);
    await inside.lab.mk('cp1', 'kubectl delete secret grafana-admin -n observability');
    expect(await inside.judge(guarded)).toMatchObject({
      verdict: 'refused',
      problem: {
        seen: expect.stringContaining('claim observability/grafana knows the old one'),
        next: [expect.any(String), expect.stringMatching(/delete persistentvolumeclaim grafana$/)],
      },
    });
    const running = { ...guarded, spec: { ...(guarded.spec as object), stillIn: 'ask its pod' } } as Declared;
    expect(await inside.judge(running)).toMatchObject({
      problem: { next: ['ask its pod', expect.stringContaining('from a copy'), expect.any(String)] },
    });
    const carried = { ...guarded, spec: { ...(guarded.spec as object), anew: 'take it out' } } as Declared;
    expect(await inside.judge(carried)).toMatchObject({ problem: { next: [expect.any(String), 'take it out'] } });
    inside.records.splice(0);
    expect(said(await inside.judge(guarded)), 'a run that was stopped before the Secret').toMatch(/^change/);
    inside.records.push({ ...guarded, origin: 'created', state: 'done' });
    await inside.lab.mk('cp1', 'kubectl delete pvc grafana -n observability');
    expect(said(await inside.judge(guarded))).toMatch(/^change/);
  });

  it('is made anew when it was lost and no data knows it, and who reads it at its start is restarted', async () => {
    const read = secret({ ...PLACE, ...SPEC, generated: ['admin-password'], readAtStart: ['web', 'gone'] }) as Declared;
    const labels = { app: 'web' };
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [] } } };
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
    const restartedAt = async () =>
      (await inside.lab.mk('cp1', 'kubectl get deployment web -n observability -o yaml')).out.includes('restartedAt');
    await bring(read);
    await inside.lab.mk('cp1', 'kubectl apply -n observability -f -', { stdin: JSON.stringify(web) });
    await inside.lab.mk('cp1', 'kubectl delete secret grafana-admin -n observability');
    inside.records.splice(0);
    expect(doings(await inside.judge(read)), 'not made before: nobody has read it').toEqual([expect.any(String)]);
    inside.records.push({ ...read, origin: 'created', state: 'pending' });
    const verdict = await inside.judge(read);
    expect(verdict).toMatchObject({ disrupts: 'web, gone restart, and want a new password' });
    // Pods wait for a Secret that is not there: cut off in between, all is done again.
    expect(doings(verdict)).toEqual([
      'restart web, gone',
      'write admin-user, admin-password into Secret observability/grafana-admin',
    ]);
    expect(await restartedAt()).toBe(false);
    expect(await inside.apply(read, verdict)).toEqual({ ok: true, err: '' });
    expect(await restartedAt()).toBe(true);
    expect(said(await inside.judge(read))).toMatch(/^ok/);
    await inside.lab.mk('cp1', 'kubectl delete deployment web -n observability');
  });

  it('goes with the data that it opens, and the plan says so while that is there', async () => {
    const spec = { ...SPEC, generated: ['admin-password'], knownTo: 'of=grafana', database: 'grafana' };
    const guarded = secret({ ...PLACE, ...spec }) as Declared;
    await bring(guarded);
    const metadata = { name: 'grafana-1', labels: { of: 'grafana' } };
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata };
    await inside.lab.mk('cp1', 'kubectl apply -n observability -f -', { stdin: JSON.stringify(claim) });
    const kind = undoing(kinds).secret;
    const world = await inside.world(kind?.asks(guarded) ?? []);
    const record = { ...guarded, origin: 'created', state: 'done' } as Declared;
    const undo = (given: string) => kind?.judge(record, { ...world, mayDelete: (name) => name === given }) as Verdict;
    expect(said(undo('other'))).toMatch(/^ok: .*claim grafana-1, which its password opens, is there$/);
    expect(doings(undo('grafana'))).toEqual(['delete Secret observability/grafana-admin']);
  });

  it('goes when it is undone', async () => {
    await bring(admin);
    const verdict = await inside.undo(admin);
    expect(await inside.apply(admin, verdict)).toMatchObject({ ok: true });
    expect(said(await inside.undo(admin))).toBe('ok: Secret observability/grafana-admin does not exist');
  });

  describe('with what the user gives', () => {
    const mail = secret({
      ...PLACE,
      ...SPEC,
      fixed: {},
      generated: [],
      given: { smtp: 'env:SMTP', bot: 'file:~/bot' },
    });
    const both = mail as Declared;
    const hand = (smtp: string, bot = 'bot\ttoken\n') => inside.given.set('env:SMTP', smtp).set('file:~/bot', bot);

    it('holds it to the byte, and no script has it', async () => {
      hand(`it's "$(secret)"`);
      await bring(both);
      expect(await value('smtp')).toBe(`it's "$(secret)"`);
      expect(await value('bot')).toBe('bot\ttoken\n');
      expect(said(await inside.judge(both))).toBe('ok: Secret observability/grafana-admin has smtp, bot');
      expect(inside.ran.join('\n')).not.toContain('(secret)');
    });

    it('is written anew when the user gives another value, and only that', async () => {
      hand('old');
      await bring(both);
      hand('new');
      const verdict = await inside.judge(both);
      expect(said(verdict)).toBe('change: Secret observability/grafana-admin has another smtp than env:SMTP');
      expect(verdict).toMatchObject({ moves: [{ does: 'write smtp into Secret observability/grafana-admin' }] });
      await inside.apply(both, verdict);
      expect(await value('smtp')).toBe('new');
      expect(said(await inside.judge(both))).toMatch(/^ok/);
    });

    it('is left alone with a warning when the value is not at hand', async () => {
      hand('old');
      await bring(both);
      inside.given.delete('env:SMTP');
      expect(await inside.judge(both)).toMatchObject({
        verdict: 'ok',
        warning: 'cannot be compared: env:SMTP is not at hand',
      });
      expect(JSON.stringify((await stored()).metadata.annotations)).not.toContain('old');
    });
  });
});

it('gets no new password, and does not go, while nobody says whether there is data that knows it', async () => {
  const guarded = secret({ ...PLACE, ...SPEC, generated: ['admin-password'], knownTo: 'grafana' }) as Declared;
  const inside = new InCluster();
  await inside.start();
  try {
    await inside.apply(guarded, await inside.judge(guarded));
    inside.intercept('case "$*" in *persistentvolumeclaims*) exit 1 ;; esac');
    expect(said(await inside.undo(guarded))).toBe('settling: the API on cp1 does not answer');
    await inside.lab.mk('cp1', 'kubectl delete secret grafana-admin -n observability');
    expect(said(await inside.judge(guarded))).toBe('settling: the API on cp1 does not answer');
  } finally {
    inside.stop();
  }
});

it('is a change while there is no cluster', () => {
  const verdict = secretKind.judge(admin as never, worldOf({}));
  expect(said(verdict)).toBe('change: there is no cluster yet');
});
