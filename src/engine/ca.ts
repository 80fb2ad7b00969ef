import type { Cluster } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { CA_SECRET, caAsk } from '../resources/ca-secret.ts';
import { silent, type VisitOptions, visit } from './visit.ts';

const PEM = /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/;

/** The certificate of the cluster's own authority, PEM. Throws UserError when there is none. */
export async function authority(options: VisitOptions): Promise<string> {
  const { world } = await visit(options, [caAsk]);
  const where = `Secret ${CA_SECRET.namespace}/${CA_SECRET.name}`;
  const answer = world.answer('cluster', caAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0) throw new UserError(silent(world, where));
  const text = `${Buffer.from(answer.text, 'base64').toString('utf8').trim()}\n`;
  if (PEM.test(text)) return text;
  throw new UserError({
    where,
    seen: answer.text === '' ? 'the cluster has no certificate authority of its own' : 'it does not hold a certificate',
    why: options.file.network?.tls
      ? 'it is not made yet, or was removed'
      : 'it comes with the section network of the cluster file, and with tls: true',
    next: options.file.network?.tls ? ['mlk8s up'] : ['add "network: {}" to the cluster file, then: mlk8s up'],
  });
}

/** What to say of the authority when the file does not ask for one. Its Secret outlives the section: docs/network.md */
export function leftOver({ name, network }: Cluster): string | undefined {
  if (network?.tls) return undefined;
  const remove = `kubectl --context ${name} -n ${CA_SECRET.namespace} delete secret ${CA_SECRET.name}`;
  return `the cluster file asks for no certificates: this authority is left from an earlier file and stays until you remove it: ${remove}`;
}
