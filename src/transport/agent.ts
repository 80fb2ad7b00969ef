import type { OpenSSHAgent, ParsedKey } from 'ssh2';
import type { Credential } from './ssh-auth.ts';
import { fuse } from './waiting.ts';

/** Real milliseconds that the agent has to list its keys. */
const LIST_MS = 5000;

/** The keys that the agent at `socket` holds. */
export async function agentKeys(socket: string): Promise<ParsedKey[]> {
  const { default: ssh2 } = await import('ssh2');
  const late = fuse(LIST_MS, () => new Error(`no answer within ${LIST_MS / 1000} s`));
  const listed = new Promise<ParsedKey[]>((resolve, reject) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys = []) => {
      if (error) reject(error);
      else resolve(keys.filter((key): key is ParsedKey => 'getPublicSSH' in key));
    });
  });
  listed.catch(() => {});
  return Promise.race([listed, late.blown]).finally(late.putOut);
}

/**
 * One key of the agent as a credential of its own. ssh2 would offer all of them in one connection, and a server hangs
 * up after a few wrong ones.
 */
export function agentCredential(socket: string, key: ParsedKey): Credential {
  return {
    label: `agent key ${key.comment || key.type}`,
    method: async (username) => {
      const { default: ssh2 } = await import('ssh2');
      const whole: OpenSSHAgent = new ssh2.OpenSSHAgent(socket);
      const one = Object.assign(Object.create(whole) as OpenSSHAgent, {
        getIdentities: (done: (error: Error | undefined, keys?: ParsedKey[]) => void) => done(undefined, [key]),
      });
      return { type: 'agent', username, agent: one };
    },
  };
}
