import { posix } from 'node:path';
import { lines, type Script, sh } from '../shell/script.ts';
import type { SourceTreeSpec } from './source-tree.ts';
import { unfinished } from './write.ts';

/** Folders of the source that count; nothing else of it is kept. */
export const PARTS = ['common', 'applications'];

/** File in the folder that says what was verified there. Written before the folder has its name. */
export const RECEIPT = 'receipt';

/** All or nothing: what is unpacked beside is verified before anything is done with it, and gets its name last. */
export function fetchTree({ spec, content }: { readonly spec: SourceTreeSpec; readonly content: string }): Script {
  const { folder } = spec;
  const above = posix.dirname(folder);
  const beside = unfinished(folder);
  return lines(
    sh`
      rm -rf -- ${beside}
      mkdir -p -- ${beside}
    `,
    spec.local === undefined ? download(spec.url, beside) : sh`base64 -d "$INPUTS"/source | tar -xzf - -C ${beside}`,
    sh`cd ${beside}`,
    ...spec.extra.map(fetchExtra),
    verify(spec),
    ...Object.entries(spec.localized).flatMap(([path, texts]) => localize(path, texts)),
    sh`
      { echo ${`content ${content}`}; echo "files $(find ${PARTS} -type f | wc -l)"; } >${RECEIPT}
      cd /
      sync -f ${beside}
      rm -rf -- ${folder}
      mv -T -- ${beside} ${folder}
      for other in ${`${above}/`}*; do [ "$other" = ${folder} ] || rm -rf -- "$other"; done
    `,
  );
}

function download(url: string, beside: string): Script {
  const archive = posix.join(beside, 'archive.tar.gz');
  return sh`
    curl -fsSL --proto =https --retry 3 -o ${archive} ${url}
    tar -xf ${archive} -C ${beside} --strip-components=1 --wildcards --no-wildcards-match-slash ${PARTS.map((part) => `*/${part}`)}
    rm -f -- ${archive}
  `;
}

/** A local source may bring them along. */
function fetchExtra({ into, from, files }: SourceTreeSpec['extra'][number]): Script {
  return sh`
    for file in ${files}; do
      [ ! -e ${`${into}/`}"$file" ] || continue
      mkdir -p -- "$(dirname -- ${`${into}/`}"$file")"
      curl -fsSL --proto =https --retry 3 -o ${`${into}/`}"$file" ${`${from}/`}"$file"
    done
  `;
}

/** The lines that the digest is made of: each file as git names its content. Few programs are started: there are many files. */
function verify({ title, digest, extra }: SourceTreeSpec): Script {
  const files = extra.flatMap((it) => it.files.map((file) => `${it.into}/${file}`));
  return sh`
    find ${[...PARTS, ...files]} -type f -printf '%s %p\n' >found
    mkdir blobs
    count=0
    while read -r size file; do
      count=$((count + 1))
      { printf 'blob %s\0' "$size"; cat -- "$file"; } >"blobs/$count"
    done <found
    seq "$count" | (cd blobs; xargs sha1sum) | cut -d ' ' -f 1 >sums
    cut -d ' ' -f 2- found | paste -d ' ' sums /dev/null - | LC_ALL=C sort >digests
    rm -rf -- blobs found sums
    sum=$(sha256sum digests | cut -d ' ' -f 1)
    if [ "$sum" != ${digest} ]; then
      echo ${`these are not the manifests of ${title}: their digest should be ${digest}, and is`} "$sum" >&2
      exit 1
    fi
  `;
}

/** Paths count from the folder of the file that names them. */
function localize(path: string, texts: Readonly<Record<string, string>>): Script[] {
  const pattern = (text: string) => text.replaceAll(/[\\.*^$[\]|]/g, '\\$&');
  return Object.entries(texts).map(([from, to]) => {
    const expression = `s|${pattern(from)}|${posix.relative(posix.dirname(path), to)}|`;
    return sh`
      grep -qF ${from} ${path}
      sed -i ${expression} ${path}
    `;
  });
}

/** Prints what counts of a local source, packed. An archive may have one folder at its root, as those of GitHub do. */
export function packTree({ extra }: SourceTreeSpec, local: string): Script {
  return sh`
    root=${local}
    if [ ! -d "$root" ]; then
      root=$(mktemp -d)
      trap 'rm -rf -- "$root"' EXIT
      tar -xf ${local} -C "$root"
    fi
    at=$root
    for inner in "$root"/*/; do if [ -d "$inner"common ] && [ -d "$inner"applications ]; then at=$inner; fi; done
    cd "$at"
    for part in ${PARTS}; do [ -d "$part" ] || { echo ${`${local} has no folder`} "$part" >&2; exit 1; }; done
    found=()
    for file in ${extra.flatMap(({ into, files }) => files.map((file) => `${into}/${file}`))}; do [ ! -f "$file" ] || found+=("$file"); done
    tar --owner=0 --group=0 -cf - ${PARTS} "\${found[@]}" | gzip -9n | base64 -w 0
  `;
}
