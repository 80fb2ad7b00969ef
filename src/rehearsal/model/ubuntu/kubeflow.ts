import { createHash } from 'node:crypto';
import { allReleases, type Release } from '../../../kubeflow/releases.ts';
import { standInTree } from '../microk8s/kubeflow-tree.ts';
import { tar } from './tar.ts';

/** Of one release: the archive and the single files by their addresses, and the text that the digest is made of. */
interface Stand {
  readonly bodies: ReadonlyMap<string, string>;
  readonly lines: string;
  readonly digest: string;
}

let known: readonly Stand[] | undefined;

function stands(): readonly Stand[] {
  known ??= allReleases().map(standFor);
  return known;
}

function standFor(release: Release): Stand {
  const { commit, url, digest, extra } = release;
  const all = standInTree(release);
  const own = [...all].filter(([path]) => !path.startsWith('vendor/'));
  const beside = extra.flatMap(({ into, from, files }) =>
    files.map((file) => {
      const href = `${from}/${file}`;
      return { path: `${into}/${file}`, href, text: all.get(`${into}/${file}`) ?? `# stands in for ${href}\n` };
    }),
  );
  const folder = `community-distribution-${commit}`;
  const archive = tar(own.map(([path, text]) => [`${folder}/${path}`, text]));
  const content = [...own, ...beside.map(({ path, text }) => [path, text] as const)];
  return {
    bodies: new Map([[url, archive], ...beside.map(({ href, text }): [string, string] => [href, text])]),
    lines: content
      .map(([path, text]) => `${blob(text)}  ${path}\n`)
      .sort()
      .join(''),
    digest,
  };
}

/** As git names the content of a file. */
function blob(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0`)
    .update(text)
    .digest('hex');
}

/** What an address of Kubeflow's manifests brings; undefined for any other. */
export function manifestsBody(href: string): string | undefined {
  return stands().flatMap(({ bodies }) => bodies.get(href) ?? [])[0];
}

/** The pinned digest of a release, for the list of files of what stands in for it. */
export function manifestsDigest(lines: string | undefined): string | undefined {
  return stands().find((stand) => stand.lines === lines)?.digest;
}
