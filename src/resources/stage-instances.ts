import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { kubectl, withoutNoise } from './kube.ts';
import { listReceipts } from './stage-receipt.ts';
import { stagesOf, titleOfRow } from './stage-sight.ts';

/** Names of the types that only the receipt of one stage names, in a list of all. */
const TYPES_OF = `
NF == 3 { own = ($2 == "stage-" stage) }
NF == 4 && $2 == "CustomResourceDefinition" { if (own) mine[$4]; else others[$4] }
END { for (name in mine) if (!(name in others)) print name }`;

/**
 * What is there of the types that came with a stage, but for those that another one brings, too. Of types that are there
 * only: with one that is not, nothing is said of the others.
 */
export function instancesAsk(stage: string): Ask {
  const script = sh`
    set -e
    receipts=$(${listReceipts})
    names=$(printf '%s\n' "$receipts" | awk -v stage=${stage} ${TYPES_OF})
    if [ -n "$names" ]; then
      types=$(${kubectl} get customresourcedefinitions $names --ignore-not-found -o name)
      types=$(printf '%s\n' "$types" | sed 's|.*/||' | paste -sd , -)
      if [ -n "$types" ]; then ${kubectl} get "$types" -A --no-headers --show-kind; fi
    fi
  `;
  return { key: `kubeflow objects of ${stage}`, on: 'cluster', sh: script, timeoutS: 60 };
}

/** An object that no receipt names: users and controllers made it. */
export interface Instance {
  /** As kubectl takes it: `notebook.kubeflow.org` */
  readonly type: string;
  readonly name: string;
  /** `notebook.kubeflow.org kubeflow-anna/first` */
  readonly title: string;
}

/** Objects of a stage's types that are not ours. Undefined: the API does not say. */
export function instancesOf(world: World, stage: string): readonly Instance[] | undefined {
  const answer = world.answer('cluster', instancesAsk(stage).key);
  const stages = stagesOf(world);
  if (!stages || answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const rows = withoutNoise(answer.text)
    .split('\n')
    .filter((row) => row.includes('/'));
  return rows.map(titleOfRow).flatMap((title) => {
    const [, namespace = '', type = '', name = ''] = /^(\S*) (\S+?)\/(\S+)$/.exec(title) ?? [];
    if (type === '' || stages.isOurs(title)) return [];
    return [{ type, name, title: `${type} ${namespace === '' ? '' : `${namespace}/`}${name}` }];
  });
}
