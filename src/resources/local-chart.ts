import type { Ask, Id, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { refused } from './answers.ts';

/**
 * A chart on the workstation: an archive as it is, a folder packed the same way every time, so that only another content
 * makes another text. Its first line says what was found.
 */
export function localChartAsk(path: string): Ask {
  const script = sh`
    set -eo pipefail
    if [ -f ${path} ]; then echo archive; base64 -w 0 -- ${path}
    elif [ -f ${`${path}/Chart.yaml`} ]; then
      echo folder
      tar -C ${path} --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go=rX -cf - . | gzip -n9 | base64 -w 0
    elif [ -e ${path} ]; then echo other
    else echo missing
    fi
  `;
  return { key: `chart ${path}`, on: 'workstation', sh: script, timeoutS: 30 };
}

/** The packed chart of the workstation, or why there is none. */
export function localChart(id: Id, path: string, world: World): { readonly base64: string } | Verdict {
  const answer = world.answer('workstation', localChartAsk(path).key);
  const [found = '', base64 = ''] = answer.kind === 'bytes' ? answer.text.split('\n') : [];
  const next = 'correct its path in the cluster file, below charts';
  if (found === 'missing') return refused(id, `there is no ${path} on this machine`, 'the cluster file names it', next);
  if (found === 'other') {
    return refused(id, `${path} is no chart`, 'it is no archive, and no folder with a Chart.yaml', next);
  }
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut || base64 === '') {
    const why = 'it cannot be read, or is larger than the 3 MB that Helm allows for a chart';
    return refused(id, `${path} was not read to its end`, why, `look at it: ls -l ${path}`);
  }
  return { base64 };
}

/** Makes of `$packed` a file or folder that Helm takes, in `$chart`. A folder may not hold the archive's own name. */
export const UNPACK_LOCAL: Script = sh`
  base64 -d "$packed" >"$packed".tgz
  chart="$packed".tgz
  if tar -tzf "$chart" ./Chart.yaml >/dev/null 2>&1; then
    chart="$packed".folder
    rm -rf "$chart"
    mkdir "$chart"
    tar -C "$chart" -xzf "$packed".tgz
  fi
`;
