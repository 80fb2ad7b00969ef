import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';

export interface TestKey {
  /** Private key in OpenSSH format. */
  readonly private: string;
  /** "type base64" */
  readonly public: string;
  /** The raw public key. */
  readonly blob: Buffer;
}

type Type = 'ed25519' | 'ecdsa' | 'rsa';

/** A key pair; ssh2 makes one of 256 ed25519 keys malformed, so it is asked until one parses. */
export function makeKey(type: Type = 'ed25519', passphrase?: string): TestKey {
  for (;;) {
    const how = { ...(passphrase !== undefined && { passphrase, cipher: 'aes256-ctr', rounds: 4 }) };
    const pair =
      type === 'rsa'
        ? ssh2.utils.generateKeyPairSync('rsa', { bits: 2048, ...how })
        : type === 'ecdsa'
          ? ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, ...how })
          : ssh2.utils.generateKeyPairSync('ed25519', how);
    const parsed = ssh2.utils.parseKey(pair.private, passphrase);
    if (parsed instanceof Error) continue;
    return { private: pair.private, public: pair.public, blob: parsed.getPublicSSH() };
  }
}

/** A key that ssh2 cannot read: PKCS8 RSA. */
export function pkcs8Rsa(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}
