import { posix } from 'node:path';
import { digestOf } from '../charts/values.ts';
import type { Ask, Declared, Kind, Move, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { fetchTree, PARTS, packTree, RECEIPT } from './source-moves.ts';
import { gone } from './stays.ts';
import { unfinished } from './write.ts';

/** The manifests of a pinned commit in a folder of root's, whole, verified, and complete without the internet. */
export type SourceTreeSpec = {
  /** As people call it: `Kubeflow 26.03.1`. */
  readonly title: string;
  /** A `.tar.gz` with one folder at its root. */
  readonly url: string;
  /** Of what is in it: see `Release` in `src/kubeflow/releases.ts`. */
  readonly digest: string;
  readonly folder: string;
  /** Single files beside the archive: where they are put, and where they are on the internet, with the same paths. */
  readonly extra: readonly { readonly into: string; readonly from: string; readonly files: readonly string[] }[];
  /** By path of a file in it: what is on the internet, and the path in the source that is named instead. */
  readonly localized: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** An archive or a folder on the workstation, for machines without internet. */
  readonly local?: string;
};

export function sourceTree({ id, on, needs, ...spec }: Placed & SourceTreeSpec): Declared<SourceTreeSpec> {
  return { kind: 'source-tree', id, on, needs, spec };
}

export const sourceTreeKind: Kind<SourceTreeSpec> = { kind: 'source-tree', asks, judge, undo };

function asks(it: Declared<SourceTreeSpec>): Ask[] {
  const { local } = it.spec;
  return [treeAsk(it), ...(local === undefined ? [] : [localAsk(local)])];
}

function treeAsk({ on, spec: { folder } }: Declared<SourceTreeSpec>): Ask {
  const script = sh`
    if [ -e ${posix.join(folder, RECEIPT)} ]; then
      cat ${posix.join(folder, RECEIPT)}
      cd ${folder} && echo "now $(find ${PARTS} -type f | wc -l)"
    elif [ -e ${folder} ] || [ -e ${unfinished(folder)} ]; then echo unfinished
    else echo missing
    fi
  `;
  return { key: `source ${folder}`, on, sh: script, timeoutS: 30 };
}

function localAsk(path: string): Ask {
  const script = sh`if [ -d ${path} ]; then echo folder; elif [ -f ${path} ]; then echo archive; else echo missing; fi`;
  return { key: `source ${path}`, on: 'workstation', sh: script, timeoutS: 10 };
}

/** What the receipt names: other replacements make the source anew, too. */
function contentOf({ digest, localized }: SourceTreeSpec): string {
  return digestOf({ digest, localized });
}

function judge(it: Declared<SourceTreeSpec>, world: World): Verdict {
  return judged(it, world, asks(it), ({ text }, local) => {
    const { title, folder } = it.spec;
    const rows = new Map(text.split('\n').map((row) => row.split(' ') as [string, string]));
    const told = (word: string) => rows.get(word);
    if (text.trim() === '') {
      const next = 'run the same command again';
      return refused(it.id, `nothing is known of ${folder}`, 'its disk may have failed under the question', next);
    }
    if (told('content') === contentOf(it.spec) && told('files') === told('now')) {
      return { verdict: 'ok', because: `the manifests of ${title} are in ${folder}` };
    }
    if (local?.text.trim() === 'missing') return noLocal(it);
    return { verdict: 'change', because: difference(it.spec, rows), moves: moves(it) };
  });
}

function difference({ title, folder }: SourceTreeSpec, rows: ReadonlyMap<string, string>): string {
  if (rows.has('missing')) return `the manifests of ${title} are not on this machine`;
  if (rows.has('unfinished')) return `the manifests of ${title} were not fetched to their end`;
  if (rows.get('files') !== rows.get('now')) return `files of ${folder} were removed or added`;
  return `the manifests in ${folder} are others than those of ${title}`;
}

function noLocal({ id, spec: { local = '' } }: Declared<SourceTreeSpec>): Verdict {
  const next = ['correct the path kubeflow.source in the cluster file', 'or delete it: then it is fetched'];
  return refused(id, `there is no ${local} on this machine`, 'the cluster file names it', ...next);
}

function moves(it: Declared<SourceTreeSpec>): Move[] {
  const { title, folder, local } = it.spec;
  const fetched = { content: contentOf(it.spec), spec: it.spec };
  const put = { on: it.on, run: fetchTree(fetched), deadlineS: FETCH_S };
  if (local === undefined) return [{ does: `fetch the manifests of ${title} into ${folder}`, ...put }];
  return [
    {
      does: `pack the manifests of ${title} in ${local}`,
      on: 'workstation',
      run: packTree(it.spec, local),
      deadlineS: 300,
      capture: 'source',
    },
    { does: `put them into ${folder}`, ...put, inputs: { source: { captured: 'source' } } },
  ];
}

/** Seconds: a few megabytes and some dozens of files over a slow line. */
const FETCH_S = 1800;

function undo(it: Recorded<SourceTreeSpec>, world: World): Verdict {
  return judged(it, world, [treeAsk(it)], ({ text }) => {
    const { folder } = it.spec;
    if (text.trim() === 'missing') return gone(`${folder} does not exist`);
    const run = sh`
      rm -rf -- ${folder} ${unfinished(folder)}
      rmdir --ignore-fail-on-non-empty ${posix.dirname(folder)}
    `;
    const does = `remove ${folder}`;
    return { verdict: 'change', because: 'it was fetched by mlk8s', moves: [{ does, on: it.on, run, deadlineS: 120 }] };
  });
}
