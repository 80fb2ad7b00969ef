import { posix } from 'node:path';
import { allReleases, type Release } from '../../../devbox/releases.ts';
import type { Command } from '../command.ts';
import { manifestsBody, manifestsDigest } from './kubeflow.ts';
import { tar } from './tar.ts';

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
  return stands().get(href)?.body ?? manifestsBody(href);
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

/** sha256sum: of what stands in for a release what is pinned of the real one, of all others the truth. */
export const sha256sum: Command = (context) => {
  const [path = '', ...others] = context.args;
  const isFile = others.length === 0 && !path.startsWith('-') && path !== '';
  const text = isFile ? context.files.read(posix.resolve(context.cwd, path)) : undefined;
  const stand = text === undefined ? undefined : [...stands().values()].find(({ body }) => body === text);
  const sum = stand?.sha256 ?? manifestsDigest(text);
  if (sum === undefined) return context.run(['/usr/bin/sha256sum', ...context.args]);
  context.out(`${sum}  ${path}\n`);
  return 0;
};
