import { allSources } from '../../../devbox/sources.ts';
import type { CommandContext } from '../command.ts';
import { fault } from './site.ts';

/** An archive besides Ubuntu's: only who has its key and its line gets packages from it. */
interface Archive {
  readonly name: string;
  readonly keyUrl: string;
  readonly url: string;
  /** Fingerprints of its keys. */
  readonly keys: readonly string[];
  readonly packages: readonly string[];
}

/** sheet gpu-and-nodes 2 */
const NVIDIA: Archive = {
  name: 'nvidia',
  keyUrl: 'https://nvidia.github.io/libnvidia-container/gpgkey',
  url: 'https://nvidia.github.io/libnvidia-container/stable/deb',
  keys: ['C95B321B61E88C1809C4F759DDCAE044F796ECB0'],
  packages: ['nvidia-container-toolkit'],
};

/** Those that a devbox may have are what mlk8s knows of them. */
function archives(): Archive[] {
  const known = Object.entries(allSources()).map(([name, { uri, keyUrl, fingerprints, packages }]) => ({
    ...{ name, keyUrl, packages },
    url: uri,
    keys: fingerprints,
  }));
  return [NVIDIA, ...known];
}

/** What the fault `otherkey` may name. */
export const archiveNames = (): readonly string[] => archives().map(({ name }) => name);

type Site = Pick<CommandContext, 'rig' | 'files' | 'out' | 'err'>;

const LISTS = '/var/lib/apt/lists';
const listOf = ({ url, name }: Archive) => `${LISTS}/${new URL(url).hostname}_${name}_Packages`;

/** Line of a simulated key that holds a fingerprint. */
export const KEY_LINE = /^simulated key ([0-9A-F]{40})$/gm;
/** What somebody else's key looks like. */
const FOREIGN = '0123456789ABCDEF0123456789ABCDEF01234567';

/** What a plain GET of an address brings, where that matters. The fault `otherkey`: a key that its maker never had. */
export function bodyOf(site: Pick<Site, 'rig'>, { href }: URL): string {
  const archive = archives().find(({ keyUrl }) => keyUrl === href);
  if (!archive) return '';
  const wrong = fault(site, 'otherkey');
  const isWrong = wrong === '' || wrong === archive.name;
  const keys = (isWrong ? [FOREIGN] : archive.keys).map((print) => `simulated key ${print}\n`).join('');
  return `-----BEGIN PGP PUBLIC KEY BLOCK-----\n${keys}-----END PGP PUBLIC KEY BLOCK-----\n`;
}

/** One line or stanza that names an archive. */
interface Entry {
  readonly file: string;
  readonly url: string;
  readonly key: string;
}

/** Of /etc/apt/sources.list.d: one line each, or stanzas of `Field: value`. */
function entriesIn({ files }: Pick<Site, 'files'>): Entry[] {
  const folder = '/etc/apt/sources.list.d';
  return files.list(folder).flatMap((name) => {
    const file = `${folder}/${name}`;
    const text = (files.read(file) ?? '').replaceAll(/^#.*\n/gm, '');
    if (name.endsWith('.list')) {
      return text.split('\n').flatMap((line) => {
        const [, options = '', url] = /^deb (?:\[([^\]]*)\] )?(\S+)/.exec(line) ?? [];
        return url === undefined ? [] : [{ file, url, key: /signed-by=(\S+)/.exec(options)?.[1] ?? '' }];
      });
    }
    if (!name.endsWith('.sources')) return [];
    return text.split(/\n\s*\n/).flatMap((stanza) => {
      const field = (key: string) => new RegExp(`^${key}: *(.+)$`, 'm').exec(stanza)?.[1] ?? '';
      return field('URIs') === '' || field('Enabled') === 'no'
        ? []
        : [{ file, url: field('URIs'), key: field('Signed-By') }];
    });
  });
}

const plain = (url: string) => url.replace(/\$\(ARCH\).*$/, '').replace(/\/$/, '');

/** Two files that name one archive with different keys: apt reads no list at all. Says so and is false then. */
export function isConsistent(site: Site): boolean {
  const entries = entriesIn(site);
  for (const { url, key } of entries) {
    const other = entries.find((it) => plain(it.url) === plain(url) && it.key !== key);
    if (!other) continue;
    site.err(
      `E: Conflicting values set for option Signed-By regarding source ${url}: ${key} != ${other.key}\nE: The list of sources could not be read.\n`,
    );
    return false;
  }
  return true;
}

/** `apt-get update`: reads the lists of the archives that a line names with their keys. */
export function updateThirdParty(site: Site): void {
  const entries = entriesIn(site);
  for (const [i, archive] of archives().entries()) {
    const entry = entries.find(({ url }) => plain(url) === archive.url);
    if (!entry) {
      site.files.remove(listOf(archive));
      continue;
    }
    const found = [...(site.files.read(entry.key) ?? '').matchAll(KEY_LINE)].map(([, print = '']) => print);
    if (archive.keys.some((print) => found.includes(print))) {
      site.out(`Get:${i + 9} ${entry.url}  Packages\n`);
      site.files.write(listOf(archive), '', 0o644);
    } else {
      const [wanted = ''] = archive.keys;
      site.err(
        `W: GPG error: ${entry.url}  InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY ${wanted.slice(-16)}\nE: The repository '${entry.url}  InRelease' is not signed.\n`,
      );
    }
  }
}

/** Whether apt knows where to get a package from. */
export function isListed({ files }: Pick<CommandContext, 'files'>, name: string): boolean {
  const from = archives().filter(({ packages }) => packages.includes(name));
  return from.length === 0 || from.some((archive) => files.exists(listOf(archive)));
}
