import { createHash } from 'node:crypto';
import { HostError } from './host.ts';

/** Decides whether the machine at the other end is the one that is meant. */
export interface HostKeyVerifier {
  /** Key algorithms to ask the server for, best first; undefined: ssh2's own order. */
  algorithms(): Promise<ServerHostKeyAlgorithm[] | undefined>;
  /** Resolves when `key` (the raw public key) is right; throws HostError of kind `host-key` when not. May ask. */
  verify(key: Buffer): Promise<void>;
}

/** What a server can be asked for; ssh-rsa, which signs with SHA-1, is none of them. */
export type ServerHostKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256';

/** A key as people compare it, the way OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Takes exactly the key with this fingerprint: a pin of the cluster file, or a machine whose key we made ourselves. */
export function pinned(where: string, pin: string): HostKeyVerifier {
  return {
    algorithms: async () => undefined,
    verify: async (key) => {
      const shown = fingerprint(key);
      if (shown === pin.replace(/=+$/, '')) return;
      throw new HostError('host-key', {
        where,
        seen: `the host shows key ${shown}, the cluster file wants ${pin}`,
        why: 'the machine was reinstalled, another one has its address, or somebody is in between',
        next: [
          'compare with what the machine itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
          'if that is the key shown above, correct hostKey of this node in the cluster file',
        ],
      });
    },
  };
}
