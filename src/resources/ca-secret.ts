import type { Ask } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';

/** Where cert-manager keeps the certificate authority of the cluster. Certificate and issuer are called so, too. */
export const CA_SECRET = { namespace: 'cert-manager', name: 'mlk8s-ca' } as const;

/** The certificate of the authority as base64, or nothing. Never its key. */
export const caAsk: Ask = {
  key: 'certificate of the authority',
  on: 'cluster',
  sh: sh`${kubectl} -n ${CA_SECRET.namespace} get secret ${CA_SECRET.name} --ignore-not-found -o ${'jsonpath={.data.tls\\.crt}'}`,
  timeoutS: 20,
};
