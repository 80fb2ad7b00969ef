import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import { CA_SECRET } from '../../resources/ca-secret.ts';
import { certificates } from '../../resources/certificates.ts';
import { type KubeManifest, manifest } from '../../resources/manifest.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import { INGRESS } from './addons.ts';
import { certificateOf } from './ingresses.ts';
import type { Named } from './names.ts';

/** Seconds until the pods of cert-manager are ready: their images come over the line of a home. */
const READY_S = 900;
/** Seconds until its webhook answers, which is some time after its pod is ready: it has to be known as trusted first. */
const WEBHOOK_S = 300;

const CA: Id = 'network/ca@cluster';

/** cert-manager and a certificate authority of the cluster's own. facts: platform sheet, 1, 2 and 4 (9) */
export function authority(file: Cluster, named: readonly Named[]): Declared[] {
  const { objects } = templateData('network/ca.yaml') as unknown as { objects: readonly KubeManifest[] };
  const signed = objects.map((it) =>
    it.kind === 'Certificate' ? { ...it, spec: { ...(it.spec as object), commonName: `mlk8s ${file.name}` } } : it,
  );
  return [
    release(file, 'cert-manager', {
      id: 'network/cert-manager@cluster',
      // What serves names is there first: platform sheet, 4 (8, 9).
      needs: file.network?.ingress ? [INGRESS] : [],
      release: 'cert-manager',
      namespace: CA_SECRET.namespace,
      values: templateData('network/cert-manager.yaml'),
      readyS: READY_S,
    }),
    manifest({
      id: CA,
      on: 'cluster',
      needs: ['network/cert-manager@cluster'],
      objects: signed as KubeManifest[],
      admittedS: WEBHOOK_S,
    }),
    certificates({
      id: 'network/certificates@cluster',
      on: 'cluster',
      needs: [CA, ...named.map(({ service }): Id => `network/ingress-${service.name}@cluster`)],
      names: [CA_SECRET, ...named.map(certificateOf)],
    }),
  ];
}
