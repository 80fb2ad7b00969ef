import { createHmac } from 'node:crypto';
import { appendFile, chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ServerHostKeyAlgorithm } from './host-keys.ts';

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly file: string;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** What the files say about a key. `entry` is the line that decided. */
export type Known =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'known' | 'changed' | 'revoked'; readonly entry: KnownHost };

/** Reads known_hosts text. Comments and lines that make no sense are left out, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    const [hosts, type, key] = words;
    if (!hosts || hosts.startsWith('#') || !type || !key) return [];
    const blob = Buffer.from(key, 'base64');
    return blob.length > 0 ? [{ file, marker, hosts, type, key: blob }] : [];
  });
}

/** How a host is called in known_hosts: the port stands there unless it is 22. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/**
 * What `entries` say about `key` of `name`. A revoked key is revoked whatever else is said. A host that is known by
 * other keys only has changed, even if they are of another type: the server was asked for the known types first.
 */
export function lookUp(entries: readonly KnownHost[], name: string, key: Buffer): Known {
  const here = entries.filter((entry) => isFor(entry, name));
  const revoked = here.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked) return { outcome: 'revoked', entry: revoked };
  const plain = here.filter((entry) => entry.marker === undefined);
  const same = plain.find((entry) => entry.key.equals(key));
  if (same) return { outcome: 'known', entry: same };
  const [other] = plain;
  return other ? { outcome: 'changed', entry: other } : { outcome: 'unknown' };
}

const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Algorithms to ask for, those of known keys first: another type of key would look like a changed host. */
export function preferredAlgorithms(entries: readonly KnownHost[], name: string): ServerHostKeyAlgorithm[] | undefined {
  const types = new Set(entries.filter((e) => e.marker === undefined && isFor(e, name)).map((e) => e.type));
  if (types.size === 0) return undefined;
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((a) => !isKnown(a))];
}

/** All lines of those of `files` that can be read. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, i) => parseKnownHosts(text, files[i] ?? ''));
}

/** Adds a key to `file`, which only its owner can read. */
export async function addKnownHost(file: string, name: string, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const before = await readFile(file, 'utf8').catch(() => '');
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await appendFile(file, `${gap}${name} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}

/** The type that a raw public key begins with. */
function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString();
}

function isFor(entry: KnownHost, name: string): boolean {
  if (entry.hosts.startsWith('|')) return isHashOf(entry.hosts, name);
  let found = false;
  for (const pattern of entry.hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!glob(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || !salt || !hash) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
