import type { ClusterNode } from '../config/schema.ts';
import { secrets } from '../redact.ts';
import { HostError, type Hosts } from '../transport/host.ts';
import type { Context, HostsWish } from './context.ts';

const CONNECT_S = 60;

/**
 * Makes sure that the user's key opens a machine. One that takes only a password so far is asked for it, once, to put
 * the key on it. Throws HostError when the machine cannot be reached or lets nobody in.
 */
export async function letIn(context: Context, hosts: Hosts, wish: HostsWish, node: ClusterNode): Promise<void> {
  const knock = (): Promise<unknown> => hosts.node(node.name).exec('true', { deadlineS: CONNECT_S });
  try {
    await knock();
  } catch (error) {
    if (!(error instanceof HostError) || error.kind !== 'auth' || !wish.asker.canAsk) throw error;
    const [key] = await context.parts.publicKeys(wish, node);
    if (!key) throw withoutKey(error);
    const password = await wish.asker.secret(
      `${node.name} does not know your key. Your password there, to put ${key.path} on it (Enter: stop):`,
    );
    if (password === '') throw error;
    secrets.add(password);
    await context.parts.installKey(wish, node, { password, publicKey: key.text });
    await knock();
  }
}

function withoutKey({ kind, problem }: HostError): HostError {
  return new HostError(kind, { ...problem, next: ['make a key of your own: ssh-keygen -t ed25519', ...problem.next] });
}
