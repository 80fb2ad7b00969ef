import type { CommandContext } from '../command.ts';

/** An archive besides Ubuntu's: only who has its key and its line gets packages from it (sheet gpu-and-nodes 2). */
const NVIDIA = {
  key: 'https://nvidia.github.io/libnvidia-container/gpgkey',
  url: 'https://nvidia.github.io/libnvidia-container/stable/deb',
  list: '/var/lib/apt/lists/nvidia.github.io_libnvidia-container_stable_deb_amd64_Packages',
  packages: ['nvidia-container-toolkit'],
};

/** What a plain GET of an address brings, where that matters. */
export function bodyOf({ href }: URL): string {
  if (href !== NVIDIA.key) return '';
  return '-----BEGIN PGP PUBLIC KEY BLOCK-----\nsimulated\n-----END PGP PUBLIC KEY BLOCK-----\n';
}

/** `apt-get update`: reads the list of the archive, if a line names it with its key. */
export function updateThirdParty(context: Pick<CommandContext, 'files' | 'out' | 'err'>): void {
  const { files } = context;
  const folder = '/etc/apt/sources.list.d';
  const lines = files.list(folder).flatMap((name) => (files.read(`${folder}/${name}`) ?? '').split('\n'));
  const line = lines.find((it) => it.startsWith('deb ') && it.includes(`${NVIDIA.url}/`));
  const [, key = ''] = /signed-by=([^\] ]+)/.exec(line ?? '') ?? [];
  const isSigned = files.read(key)?.includes('BEGIN PGP PUBLIC KEY BLOCK') ?? false;
  if (line === undefined) files.remove(NVIDIA.list);
  else if (isSigned) {
    context.out(`Get:9 ${NVIDIA.url}/amd64  Packages\n`);
    files.write(NVIDIA.list, '', 0o644);
  } else {
    context.err(
      `W: GPG error: ${NVIDIA.url}/amd64  InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY DDCAE044F796ECB0\nE: The repository '${NVIDIA.url}/amd64  InRelease' is not signed.\n`,
    );
  }
}

/** Whether apt knows where to get a package from. */
export function isListed({ files }: Pick<CommandContext, 'files'>, name: string): boolean {
  return !NVIDIA.packages.includes(name) || files.exists(NVIDIA.list);
}
