import { expect, it } from 'vitest';
import { auth } from '../../src/steps/kubeflow/auth.ts';
import { doings, said } from '../resources/world.ts';
import { file } from '../steps/kubeflow/people.ts';
import { realCluster } from './real-cluster.ts';

const { api, judge, apply } = realCluster();

const resources = auth(file());
const of = (name: string) => {
  const found = resources.find(({ id }) => id === `kubeflow/${name}@cluster`);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};
const bring = async (name: string) => apply(await judge(of(name)));
interface Stored {
  readonly data: Record<string, string>;
}
const stored = (name: string) => (api().objects.get(`secrets ${name}`) as unknown as Stored).data;

it('the real kubectl makes Secrets of others, and says when one of those changed or is gone', async () => {
  for (const { id } of resources) await bring(id.slice('kubeflow/'.length, id.indexOf('@')));
  for (const it_ of resources) expect(said(await judge(it_))).toMatch(/^ok/);
  expect(Object.keys(stored('auth/dex-passwords'))).toEqual(['HASH_ANNA', 'HASH_BEN_2']);
  const [ours, theirs] = [stored('oauth2-proxy/oauth2-proxy')['client-secret'], stored('auth/dex-oidc-client')];
  expect(ours).toBe(theirs.OIDC_CLIENT_SECRET);
  expect(ours).toMatch(/^[A-Za-z0-9+/=]{44}$/);

  const dex = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'dex', namespace: 'auth' } };
  api().objects.set('deployments auth/dex', { ...dex, spec: { template: { metadata: {} } } } as never);
  expect(said(await judge(of('passwords')))).toMatch(/^ok/);
  const before = stored('auth/dex-passwords');
  api().objects.delete('secrets auth/kubeflow-login-anna');
  expect(said(await judge(of('passwords')))).toContain('has another HASH_ANNA than auth/kubeflow-login-anna');
  await bring('login-anna');
  const verdict = await judge(of('passwords'));
  expect(doings(verdict)).toEqual([
    'write HASH_ANNA into Secret auth/dex-passwords, and start Deployment auth/dex anew with it',
  ]);
  await apply(verdict);
  expect(stored('auth/dex-passwords').HASH_ANNA).not.toBe(before.HASH_ANNA);
  expect(stored('auth/dex-passwords').HASH_BEN_2).toBe(before.HASH_BEN_2);
  expect(JSON.stringify(api().objects.get('deployments auth/dex'))).toMatch(
    /"template":\{"metadata":\{"annotations":\{"mlk8s.io\/reads-dex-passwords":"\d+-[0-9a-f]{8}"/,
  );
  expect(said(await judge(of('passwords')))).toMatch(/^ok/);
});
