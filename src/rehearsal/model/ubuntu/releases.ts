import { posix } from 'node:path';
import { allReleases, type Release } from '../../../devbox/releases.ts';
import type { Command } from '../command.ts';

interface Stand {
  readonly body: string;
  /** Of the real file: a simulated one cannot have it, so the simulated sha256sum says it. */
  readonly sha256: string;
}

let known: ReadonlyMap<string, Stand> | undefined;

/** What stands in for each release file that mlk8s pins, by its address. */
function stands(): ReadonlyMap<string, Stand> {
  known ??= new Map(
    Object.entries(allReleases()).flatMap(([name, release]) =>
      Object.values(release.files).map(({ url, sha256, folder }) => [
        url,
        { body: bodyOf(name, release, url, folder), sha256 },
      ]),
    ),
  );
  return known;
}

/** What a release file brings; undefined for any other address. */
export function releaseBody({ href }: URL): string | undefined {
  return stands().get(href)?.body;
}

function bodyOf(name: string, { version, programs }: Release, url: string, folder = '.'): string {
  if (!programs && url.endsWith('.sh')) return installer(version, url);
  if (!/\.(tar\.gz|tgz)$/.test(url)) return program(name, version, url);
  // A program that comes as a folder, with the sandbox of its browser.
  if (!programs)
    return tar([name, 'chrome-sandbox'].map((each) => [`${name}-${version}/${each}`, program(each, version, url)]));
  return tar(programs.map((each) => [folder === '.' ? each : `${folder}/${each}`, program(each, version, url)]));
}

function program(name: string, version: string, url: string): string {
  return `#!/bin/sh\n# stands in for a program of ${url}\necho '${name} ${version} (simulated)'\n`;
}

/** That of Miniforge: makes the folder after -p, with conda in it. */
function installer(version: string, url: string): string {
  return `#!/bin/sh
# stands in for ${url}
set -e
while getopts bfup: option; do
  if [ "$option" = p ]; then prefix=$OPTARG; fi
done
mkdir -p "$prefix/bin" "$prefix/envs" "$prefix/etc/profile.d"
printf '#!/bin/sh\\necho "conda ${version} (simulated)"\\n' >"$prefix/bin/conda"
chmod 755 "$prefix/bin/conda"
echo 'conda() { ~/miniforge3/bin/conda "$@"; }' >"$prefix/etc/profile.d/conda.sh"
`;
}

const BLOCK = 512;

/** A plain archive: tar unpacks what it finds, whatever the name of the file promises. */
function tar(files: readonly (readonly [path: string, content: string])[]): string {
  const padded = (text: string) => text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK, '\0');
  return `${files.map(([path, content]) => header(path, content.length) + padded(content)).join('')}${'\0'.repeat(2 * BLOCK)}`;
}

/** man 5 tar: name, mode, owner, group, size, time, checksum, type, link, ustar. */
function header(path: string, size: number): string {
  const number = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const start = `${path.padEnd(100, '\0')}${number(0o755, 8)}${number(0, 8)}${number(0, 8)}${number(size, 12)}${number(0, 12)}`;
  const end = `0${'\0'.repeat(100)}ustar\x0000`.padEnd(BLOCK - start.length - 8, '\0');
  const sum = [...`${start}        ${end}`].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return `${start}${sum.toString(8).padStart(6, '0')}\0 ${end}`;
}

/** sha256sum: of a file that stands in for a release what its maker published, of all others the truth. */
export const sha256sum: Command = (context) => {
  const [path = '', ...others] = context.args;
  const isFile = others.length === 0 && !path.startsWith('-') && path !== '';
  const text = isFile ? context.files.read(posix.resolve(context.cwd, path)) : undefined;
  const stand = text === undefined ? undefined : [...stands().values()].find(({ body }) => body === text);
  if (!stand) return context.run(['/usr/bin/sha256sum', ...context.args]);
  context.out(`${stand.sha256}  ${path}\n`);
  return 0;
};
