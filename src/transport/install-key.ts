import { readFile } from 'node:fs/promises';
import { sh } from '../shell/script.ts';
import { HostError } from './host.ts';
import { type ConnectionOptions, SshHost } from './ssh.ts';
import { passwordCredentials } from './ssh-auth.ts';

const PUBLIC_KEY = /^((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: (.*))?$/;
const INSTALL_S = 30;

/** A login by password, and the key that is to make it the last one. */
export interface InstallKeyOptions extends ConnectionOptions {
  /** Password of the login user. */
  readonly password: string;
  /** One line as in `id_ed25519.pub`. */
  readonly publicKey: string;
}

/** `present`: it was there before, nothing was changed. */
export type KeyInstalled = 'installed' | 'present';

/**
 * Logs in with the password, once, and adds the public key to the user's authorized_keys. What stands there stays as it
 * is. Throws HostError.
 */
export async function installKey(options: InstallKeyOptions): Promise<KeyInstalled> {
  const [, type = '', blob = '', comment = ''] = PUBLIC_KEY.exec(options.publicKey.trim()) ?? [];
  if (blob === '') throw new Error('this is no public key: it is one line "type base64 comment"');
  const line = `${type} ${blob} ${comment.replace(/[^\x20-\x7e]/g, '?')}`.trim();
  const { target } = options;
  const host = new SshHost({
    ...options,
    rights: 'user',
    target: async () => ({
      ...(typeof target === 'function' ? await target() : target),
      credentials: async () => passwordCredentials(options.password),
    }),
  });
  try {
    const { code, stdout, stderr } = await host.exec(script(line, `${type} ${blob}`), { deadlineS: INSTALL_S });
    if (code === 0) return stdout.toString().trim() === 'present' ? 'present' : 'installed';
    throw new HostError('auth', {
      where: options.name,
      seen: `the key could not be added to ~/.ssh/authorized_keys: ${stderr.trim()}`,
      why: 'the home folder is missing, full or not writable',
      next: ['look at it on that machine: ls -ld ~ ~/.ssh ~/.ssh/authorized_keys; df -h ~'],
    });
  } finally {
    await host.close();
  }
}

/** One line as in `id_ed25519.pub`, and where it stands. */
export interface PublicKey {
  readonly path: string;
  readonly text: string;
}

/** Public halves of those of the identity files that have one beside them. */
export async function publicKeys(identityFiles: readonly string[]): Promise<PublicKey[]> {
  const paths = identityFiles.map((path) => `${path}.pub`);
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  return texts.flatMap((text, i) =>
    PUBLIC_KEY.test(text.trim()) ? [{ path: paths[i] ?? '', text: text.trim() }] : [],
  );
}

/** A commented-out key is none; the last line may lack its end. */
function script(line: string, key: string): string {
  return sh`
    set -eu
    umask 077
    mkdir -p ~/.ssh
    chmod 700 ~/.ssh
    cd ~/.ssh
    touch authorized_keys
    chmod 600 authorized_keys
    if grep -v '^[[:space:]]*#' authorized_keys | grep -qF -- ${key}; then
      echo present
      exit 0
    fi
    if [ -n "$(tail -c 1 authorized_keys)" ]; then echo >> authorized_keys; fi
    printf '%s\n' ${line} >> authorized_keys
    echo installed
  `.bash;
}
