import { type Data, digestOf, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { type Patch, removal } from '../../kubeflow/overlay.ts';
import { secret } from '../../resources/secret.ts';
import { templateData } from '../../templates.ts';
import { emailOf, loginId, loginOf, type User, usersOf } from './names.ts';

const DEX = { namespace: 'auth', name: 'dex' };
const PROXY = { namespace: 'oauth2-proxy', name: 'oauth2-proxy' };
const CLIENT = { namespace: 'auth', name: 'dex-oidc-client', key: 'OIDC_CLIENT_SECRET' };
const PASSWORDS = { namespace: 'auth', name: 'dex-passwords' };
/** The manifests name it in more places than these: it is not changed. ml-platform sheet, 1.8 */
const CLIENT_ID = 'kubeflow-oidc-authservice';

const CLIENT_SECRET_ID: Id = 'kubeflow/client-secret@cluster';
const PROXY_SECRET_ID: Id = 'kubeflow/proxy-secret@cluster';
const PASSWORDS_ID: Id = 'kubeflow/passwords@cluster';

/** Secrets in place of those that the manifests publish, and a login for each user. facts: ml-platform sheet, 1.8 */
export function auth(file: Cluster): Declared[] {
  const users = usersOf(file);
  const on = 'cluster';
  return [
    secret({
      ...{ id: CLIENT_SECRET_ID, on, needs: ['microk8s/member@*'] },
      ...{ namespace: CLIENT.namespace, name: CLIENT.name },
      fixed: { OIDC_CLIENT_ID: CLIENT_ID },
      generated: [CLIENT.key],
      readBy: DEX,
    }),
    secret({
      ...{ id: PROXY_SECRET_ID, on, needs: [CLIENT_SECRET_ID] },
      ...PROXY,
      fixed: { 'client-id': CLIENT_ID },
      // Of 16, 24 or 32 characters.
      generated: ['cookie-secret'],
      copied: { 'client-secret': CLIENT },
      readBy: PROXY,
    }),
    ...users.map((user) => login(file, user)),
    secret({
      ...{ id: PASSWORDS_ID, on, needs: users.map(({ name }) => loginId(name)) },
      ...PASSWORDS,
      ...{ fixed: {}, generated: [] },
      hashed: Object.fromEntries(users.map((user) => [hashKey(user), loginOf(user.name)])),
      readBy: DEX,
    }),
  ];
}

function login(file: Cluster, user: User): Declared {
  const { namespace, name, key } = loginOf(user.name);
  return secret({
    ...{ id: loginId(user.name), on: 'cluster', needs: ['microk8s/member@*'] },
    ...{ namespace, name },
    fixed: { username: emailOf(file, user) },
    generated: [key],
    type: 'kubernetes.io/basic-auth',
  });
}

/** Key of a hash, which dex takes for the name of a variable. Names have no underscore: no two users share one. */
function hashKey({ name }: User): string {
  return `HASH_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** By stage: what is patched there, and which of the resources above must be there before it. */
export function authAt(
  file: Cluster,
  stage: string,
): { readonly patches: readonly Patch[]; readonly needs: readonly Id[] } {
  if (stage === 'dex') return { patches: dexPatches(file), needs: [CLIENT_SECRET_ID, PASSWORDS_ID] };
  if (stage === 'oauth2-proxy') return { patches: proxyPatches(file), needs: [PROXY_SECRET_ID] };
  return { patches: [], needs: [] };
}

function dexPatches(file: Cluster): Patch[] {
  const config = dexConfig(file);
  return [
    removal('v1', 'Secret', PASSWORDS.namespace, PASSWORDS.name),
    removal('v1', 'Secret', CLIENT.namespace, CLIENT.name),
    // JSON is YAML.
    {
      patch: {
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: DEX },
        data: { 'config.yaml': `${JSON.stringify(config, null, 2)}\n` },
      },
    },
    // It reads that file when it starts, and never again.
    {
      patch: {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: DEX },
        spec: { template: { metadata: { annotations: { 'mlk8s.io/config': digestOf(config) } } } },
      },
    },
  ];
}

function dexConfig(file: Cluster): Data {
  const staticPasswords = usersOf(file).map((user) => ({
    ...{ email: emailOf(file, user), hashFromEnv: hashKey(user), username: user.name },
    // Who somebody is in tokens: it stays when the e-mail changes.
    userID: digestOf(['user of Kubeflow', user.name]),
  }));
  return mergeValues(templateData('kubeflow/dex.yaml'), { staticPasswords });
}

/**
 * The cookie of a session must not go over the network in the clear, once there is a name with a certificate. Browsers
 * send it to 127.0.0.1 all the same, which `mlk8s open` uses. Without a name that is the only way in.
 */
function proxyPatches({ network }: Cluster): Patch[] {
  const parameters = { namespace: PROXY.namespace, name: 'oauth2-proxy-parameters' };
  const secure: Patch = {
    patch: {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: parameters },
      data: { FORCE_HTTPS: 'true' },
    },
  };
  return [removal('v1', 'Secret', PROXY.namespace, PROXY.name), ...(network?.ingress && network.tls ? [secure] : [])];
}
