import { imageOf } from '../../charts/catalogue.ts';
import { digestOf, mergeValues } from '../../charts/values.ts';
import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Declared, Json } from '../../engine/types.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { templateData } from '../../templates.ts';
import { INGRESS, ingressObjects } from './addons.ts';
import { entrances } from './names.ts';

/** Seconds until a small image was pulled over the line of a home, and the text or the certificate has come. */
const TIMEOUT_S = 900;

const SERVED = 'the ingress leads to this pod';
const ISSUED = 'issued by the authority of the cluster';

/** That names lead to pods on every machine that answers, and that certificates are issued. */
export function proofs(file: Cluster): Declared[] {
  const { network, nodes } = file;
  const one = nodes.find(({ role }) => role === 'worker') ?? nodes[0];
  return [
    ...(network?.ingress ? entrances(file).map((node) => throughIngress(file, node)) : []),
    ...(network?.tls && one ? [certificate(file, one)] : []),
  ];
}

type Parts<Name extends string> = Readonly<Record<Name, KubeManifest>>;
const patched = (part: KubeManifest, patch: { [key: string]: Json }) => mergeValues(part, patch) as KubeManifest;
const containerOf = (pod: KubeManifest) =>
  (pod as unknown as { spec: { containers: readonly [{ [key: string]: Json }] } }).spec.containers[0];

function throughIngress({ microk8s, network }: Cluster, { name: node }: ClusterNode): Declared {
  const parts = templateData('network/proof-ingress.yaml') as unknown as Parts<'pod' | 'service' | 'ingress'>;
  const name = `ingress-${node}`;
  const host = `proof-${node}.${network?.domain}`;
  const labels = { app: name };
  const container = { ...containerOf(parts.pod), image: imageOf('busybox'), command: ['sh', '-c', askItself(host)] };
  const onNode = { nodeSelector: { 'kubernetes.io/hostname': node }, containers: [container] };
  const backend = { service: { name, port: { number: 80 } } };
  const rules = [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  return proof({
    id: `network/proof-ingress@${node}`,
    on: 'cluster',
    needs: [INGRESS, `microk8s/member@${node}`],
    what: `port 80 of ${node} leads to a pod by the name of its Ingress`,
    node,
    inputs: { ingress: ingressObjects(microk8s.channel) },
    objects: [
      patched(parts.service, { metadata: { name }, spec: { selector: labels } }),
      patched(parts.ingress, { metadata: { name }, spec: { rules } }),
      patched(parts.pod, { metadata: { name, labels }, spec: onNode }),
    ],
    pod: name,
    expect: SERVED,
    timeoutS: TIMEOUT_S,
  });
}

/** Serves a text and asks the machine for it. The controller needs a moment to hear of a new Ingress. */
function askItself(host: string): string {
  return `mkdir /tmp/www
date >/tmp/www/index.html
httpd -p 8080 -h /tmp/www
for try in $(seq 60); do
  if wget -q -T 5 -O /tmp/answer --header 'Host: ${host}' "http://$MACHINE/" && cmp -s /tmp/answer /tmp/www/index.html; then
    echo '${SERVED}'
    exit 0
  fi
  sleep 2
done
wget -T 5 -O - --header 'Host: ${host}' "http://$MACHINE/"
exit 1
`;
}

function certificate(file: Cluster, { name: node }: ClusterNode): Declared {
  const parts = templateData('network/proof-certificate.yaml') as unknown as Parts<'secret' | 'certificate' | 'pod'>;
  const name = 'certificate';
  const spec = { secretName: name, dnsNames: [`proof.${file.network?.domain}`] };
  return proof({
    id: `network/proof-certificate@${node}`,
    on: 'cluster',
    needs: ['network/certificates@cluster', `microk8s/member@${node}`],
    what: `a certificate is issued and reaches a pod on ${node}`,
    node,
    inputs: { issuer: digestOf(templateData('network/ca.yaml')) },
    objects: [
      patched(parts.secret, { metadata: { name } }),
      patched(parts.certificate, { metadata: { name }, spec }),
      patched(parts.pod, {
        metadata: { name },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': node },
          containers: [{ ...containerOf(parts.pod), image: imageOf('busybox') }],
          volumes: [{ name: 'tls', secret: { secretName: name } }],
        },
      }),
    ],
    pod: name,
    expect: ISSUED,
    timeoutS: TIMEOUT_S,
  });
}
