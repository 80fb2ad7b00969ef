import { readFileSync, writeFileSync } from 'node:fs';
import ssh2 from 'ssh2';

/** A key pair in OpenSSH's format, made once and kept in `path` (private, 0600). */
export function keyPair(path: string): { private: string; public: string } {
  try {
    return { private: readFileSync(path, 'utf8'), public: readFileSync(`${path}.pub`, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = freshKeyPair();
  writeFileSync(`${path}.pub`, made.public, { mode: 0o644 });
  writeFileSync(path, made.private, { mode: 0o600 });
  return made;
}

/** ssh2 makes a malformed key now and then (a leading zero byte is lost): make another one. */
export function freshKeyPair(): { private: string; public: string } {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(made.private) instanceof Error) && !(ssh2.utils.parseKey(made.public) instanceof Error)) {
      return made;
    }
  }
}

/** The bytes that a server shows of its key. */
export function publicBytes(key: string): Buffer {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return parsed.getPublicSSH();
}
