import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { standInTree } from '../../../src/rehearsal/model/microk8s/kubeflow-tree.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import type { SecretSpec } from '../../../src/resources/secret.ts';
import { releaseOf } from '../../../src/steps/kubeflow/source.ts';
import { ANNA, BEN, file, NETWORK, rendered, resourceOf, specOf } from './people.ts';

const tree = standInTree(releaseOf(file()));
const named = (objects: readonly KubeManifest[], kind: string, start: string) =>
  objects.find((it) => it.kind === kind && it.metadata.name.startsWith(start));
interface Dex {
  readonly staticPasswords: readonly {
    readonly email: string;
    readonly userID: string;
    readonly hashFromEnv: string;
  }[];
}
const configOf = (of: ReturnType<typeof file>): Dex & Record<string, unknown> => {
  const map = named(rendered(of, 'dex', tree), 'ConfigMap', 'dex') as unknown as { data: Record<string, string> };
  return parse(map.data['config.yaml'] ?? '');
};

it('has a login for each user, and hashes of the passwords for dex', () => {
  expect(specOf<SecretSpec>(file(), 'login-anna')).toMatchObject({
    ...{ namespace: 'auth', name: 'kubeflow-login-anna', fixed: { username: 'anna@lab' }, generated: ['password'] },
  });
  expect(specOf<SecretSpec>(file(), 'login-ben-2').fixed).toEqual({ username: 'Ben@home.lab' });
  expect(specOf<SecretSpec>(file(), 'passwords').hashed).toEqual({
    HASH_ANNA: { namespace: 'auth', name: 'kubeflow-login-anna', key: 'password' },
    HASH_BEN_2: { namespace: 'auth', name: 'kubeflow-login-ben-2', key: 'password' },
  });
  expect(resourceOf(file(), 'passwords').needs).toEqual([
    'kubeflow/login-anna@cluster',
    'kubeflow/login-ben-2@cluster',
  ]);
});

it('has the same secret of the client on both sides', () => {
  const { namespace, name, generated } = specOf<SecretSpec>(file(), 'client-secret');
  const [key] = generated;
  expect(specOf<SecretSpec>(file(), 'proxy-secret').copied).toEqual({ 'client-secret': { namespace, name, key } });
});

it.each([
  ['dex', ['auth/dex-passwords', 'auth/dex-oidc-client'], ['client-secret', 'passwords']],
  ['oauth2-proxy', ['oauth2-proxy/oauth2-proxy'], ['proxy-secret']],
])('takes the published Secrets out of what %s applies, and brings its own before it', (stage, secrets, ours) => {
  const objects = rendered(file(), stage, tree);
  expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  const { needs } = resourceOf(file(), stage);
  expect(needs).toEqual(expect.arrayContaining(ours.map((name) => `kubeflow/${name}@cluster`)));
  const made = ours.map((name) => specOf<SecretSpec>(file(), name)).map((it) => `${it.namespace}/${it.name}`);
  expect(made.toSorted()).toEqual(secrets.toSorted());
});

it('tells dex who logs in, and leaves all else as the manifests have it', () => {
  const published = parse(tree.get('common/dex/overlays/oauth2-proxy/config-map.yaml') ?? '') as { data: object };
  const before = parse((published.data as Record<string, string>)['config.yaml'] ?? '');
  const { staticPasswords, ...rest } = configOf(file());
  expect(staticPasswords).toMatchObject([
    { email: 'anna@lab', hashFromEnv: 'HASH_ANNA', username: 'anna' },
    { email: 'Ben@home.lab', hashFromEnv: 'HASH_BEN_2', username: 'ben-2' },
  ]);
  expect(rest.issuer).toBe('http://dex.auth.svc.cluster.local:5556/dex');
  expect(JSON.stringify(rest)).toContain('"redirectURIs":["/oauth2/callback"]');
  for (const key of Object.keys(before as object)) expect(Object.keys(configOf(file()))).toContain(key);
});

it('keeps who somebody is when the e-mail changes, and starts dex anew with it', () => {
  const renamed = file({ users: [{ ...ANNA, email: 'anna@example.org' }, BEN] });
  const ids = (of: typeof renamed) => configOf(of).staticPasswords.map(({ userID }) => userID);
  expect(ids(renamed)).toEqual(ids(file()));
  expect(new Set(ids(file())).size).toBe(2);
  const startedWith = (of: typeof renamed) => {
    const dex = named(rendered(of, 'dex', tree), 'Deployment', 'dex') as unknown as {
      spec: { template: { metadata: { annotations: Record<string, string> } } };
    };
    return dex.spec.template.metadata.annotations['mlk8s.io/config'];
  };
  expect(startedWith(renamed)).not.toBe(startedWith(file()));
});

it('sends the cookie of a session in the clear only where there is no name with a certificate', () => {
  const secure = (of: ReturnType<typeof file>) =>
    named(rendered(of, 'oauth2-proxy', tree), 'ConfigMap', 'oauth2-proxy-parameters') as unknown as { data: object };
  expect(secure(file()).data).toMatchObject({ FORCE_HTTPS: 'true' });
  expect(secure(file({}, { network: { ...NETWORK, ingress: false } })).data).toMatchObject({ FORCE_HTTPS: 'false' });
});
