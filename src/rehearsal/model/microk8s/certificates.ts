import type { KubeObject } from '../state.ts';
import { certificate } from './args.ts';
import { ApiError } from './errors.ts';
import { isJson, type Json } from './merge.ts';
import { readyAt, rollout } from './pods.ts';
import { clusterOf, type Site } from './site.ts';
import { KubeStore, stamp } from './store.ts';
import { View } from './view.ts';

/** cert-manager as its chart brings it (sheets platform 4: 9; ml-platform 1.5). */

const GROUP = 'cert-manager.io/';
const NAMESPACE = 'cert-manager';
/** Of an Ingress that wants certificates. */
const ASKS = 'cert-manager.io/cluster-issuer';

/** Whose webhook looks at objects of a group before they are taken. */
const WEBHOOKS: Readonly<
  Record<string, { readonly namespace: string; readonly name: string; readonly service?: string; readonly as?: string }>
> = {
  [GROUP]: { namespace: NAMESPACE, name: 'cert-manager-webhook' },
  'metallb.io/': { namespace: 'metallb-system', name: 'controller' },
  // storage-and-databases 3.1
  'postgresql.cnpg.io/': {
    ...{ namespace: 'cnpg-system', name: 'cnpg-cloudnative-pg' },
    ...{ service: 'cnpg-webhook-service', as: 'mcluster.cnpg.io' },
  },
};
/** Its certificate is trusted so long after its pod is ready (i). */
const TRUSTED_MS = 10_000;

const HOUR_MS = 3_600_000;
/** cert-manager's own, 90 days. */
const DURATION_H = 2160;

interface CertificateSpec {
  secretName?: string;
  commonName?: string;
  dnsNames?: string[];
  duration?: string;
  issuerRef?: { name?: string };
}
interface IngressSpec {
  tls?: { secretName?: string; hosts?: string[] }[];
}

const isOf = (kind: string) => (object: KubeObject) => object.kind === kind && object.apiVersion.startsWith(GROUP);
const specOf = (object: KubeObject): CertificateSpec => (object.spec ?? {}) as CertificateSpec;

/** When a Deployment became ready; undefined: it is not. */
function readySince(view: View, namespace: string, name: string): number | undefined {
  const found = view.store.find(view.store.kind('deployments'), namespace, name);
  return found && rollout(view, found).ready > 0 ? readyAt(found) : undefined;
}

/** Throws when the webhook that must look at such an object does not answer. */
export function passWebhook(view: View, { apiVersion }: { readonly apiVersion: string }): void {
  const [, webhook] = Object.entries(WEBHOOKS).find(([group]) => apiVersion.startsWith(group)) ?? [];
  if (!webhook) return;
  const { namespace, name, service = name, as = `webhook.${namespace}.io` } = webhook;
  const since = readySince(view, namespace, name);
  if (since !== undefined && view.now >= since + TRUSTED_MS) return;
  const why =
    since === undefined
      ? `no endpoints available for service "${service}"`
      : 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  const url = `https://${service}.${namespace}.svc:443/validate?timeout=30s`;
  const words = `failed calling webhook "${as}": failed to call webhook: Post "${url}": ${why}`;
  throw new ApiError('InternalError', `Internal error occurred: ${words}`);
}

/** Lets cert-manager do its work: certificates for Ingresses that ask for them, and a secret for each certificate. */
export function issueCertificates(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  if (!cluster || !Object.values(cluster.objects).some(isOf('ClusterIssuer'))) return;
  const view = new View(new KubeStore(cluster, site), site.world, site.now());
  if (readySince(view, NAMESPACE, 'cert-manager') === undefined) return;
  for (const ingress of Object.values(cluster.objects).filter(({ kind }) => kind === 'Ingress')) ask(view, ingress);
  // The authority's own comes first: the others are signed by it.
  const all = Object.values(cluster.objects).filter(isOf('Certificate'));
  for (let i = 0; i < 2; i++) for (const one of all) issue(view, one);
}

function ask({ store }: View, { apiVersion, kind, metadata, spec }: KubeObject): void {
  const issuer = metadata.annotations?.[ASKS];
  if (issuer === undefined) return;
  for (const { secretName, hosts } of ((spec ?? {}) as IngressSpec).tls ?? []) {
    if (secretName === undefined) continue;
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
    const { namespace = '' } = metadata;
    if (store.find(store.kind('certificates'), namespace, secretName)) continue;
    store.create({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: secretName, namespace, ...{ ownerReferences: [owner] } },
      spec: {
        dnsNames: hosts,
        secretName,
        issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: issuer },
      },
    });
  }
}

function issue({ store }: View, { metadata: { name, namespace = '' }, ...rest }: KubeObject): void {
  const { secretName = '', commonName, dnsNames, issuerRef } = specOf(rest as KubeObject);
  const live = store.find(store.kind('secrets'), namespace, secretName);
  if (certificateIn(live) !== '') return;
  const issuer = store.find(store.kind('clusterissuers'), '', issuerRef?.name ?? '');
  const own = certificate(commonName ?? dnsNames?.[0] ?? name, Object.keys(store.cluster.objects).length);
  const signer = signerOf(store, issuer, own);
  if (signer === '') return;
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': encoded(own), 'tls.key': encoded('simulated key\n'), 'ca.crt': encoded(signer) };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: secretName, namespace },
  };
  if (live) store.replace({ ...live, data });
  else store.create({ ...secret, data });
}

/** The certificate of who signs; empty while there is nobody who can. */
function signerOf(store: KubeStore, issuer: KubeObject | undefined, own: string): string {
  const spec = (issuer?.spec ?? {}) as { selfSigned?: Json; ca?: { secretName?: string } };
  if (spec.selfSigned) return own;
  const secret = store.find(store.kind('secrets'), NAMESPACE, spec.ca?.secretName ?? '');
  return Buffer.from(certificateIn(secret), 'base64').toString();
}

/** `tls.crt` of a secret as it is stored; empty: there is none. */
export function certificateIn(secret: KubeObject | undefined): string {
  const data = isJson(secret?.data) ? secret.data : {};
  return typeof data['tls.crt'] === 'string' ? data['tls.crt'] : '';
}

/** Certificate of the authority that signed the one in a secret; empty: nobody did. */
export function authorityIn(secret: KubeObject | undefined): string {
  const data = isJson(secret?.data) ? secret.data : {};
  return typeof data['ca.crt'] === 'string' ? Buffer.from(data['ca.crt'], 'base64').toString() : '';
}

/** What cert-manager writes of a certificate. */
export function certificateStatus({ store }: View, object: KubeObject): Json {
  const { secretName = '', duration } = specOf(object);
  const { namespace = '', creationTimestamp } = object.metadata;
  const isThere = certificateIn(store.find(store.kind('secrets'), namespace, secretName)) !== '';
  const message = isThere
    ? 'Certificate is up to date and has not expired'
    : 'Issuing certificate as Secret does not exist';
  const reason = isThere ? 'Ready' : 'DoesNotExist';
  const conditions = [{ type: 'Ready', status: isThere ? 'True' : 'False', reason, message }];
  const hours = Number(/^(\d+)h/.exec(duration ?? '')?.[1] ?? DURATION_H);
  const notAfter = stamp(Date.parse(creationTimestamp) + hours * HOUR_MS);
  return { conditions, ...(isThere ? { notAfter } : {}) };
}
