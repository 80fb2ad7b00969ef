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
    const pair = generate(type, passphrase);
    const parsed = ssh2.utils.parseKey(pair.private, passphrase);
    if (parsed instanceof Error) continue;
    return { private: pair.private, public: pair.public, blob: parsed.getPublicSSH() };
  }
}

function generate(type: Type, passphrase: string | undefined): { private: string; public: string } {
  const lock = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 4 };
  const { generateKeyPairSync: generateKey } = ssh2.utils;
  if (type === 'rsa') return generateKey('rsa', { bits: 2048, ...lock });
  return type === 'ecdsa'
    ? generateKey('ecdsa', { bits: 256, ...lock })
    : generateKey('ed25519', lock as Record<string, never>);
}

/** A key that ssh2 cannot read: PKCS8 RSA. */
export function pkcs8Rsa(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}
