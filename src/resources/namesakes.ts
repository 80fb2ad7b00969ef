import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';

interface Release {
  readonly release: string;
  readonly namespace: string;
}

const NOTE = '{.metadata.annotations.meta\\.helm\\.sh/release-name}';
const ROWS = `jsonpath={range .items[*]}${['{.kind}', '{.metadata.name}', NOTE].join('{"\\t"}')}{"\\n"}{end}`;

/** What has the name of a release, in its namespace, of the kinds that charts name so. */
export function namesakesAsk({ release, namespace }: Release): Ask {
  const script = sh`
    ${kubectl} -n ${namespace} get deployments,statefulsets,services --field-selector ${`metadata.name=${release}`} -o ${ROWS}
  `;
  return { key: `namesakes of ${namespace}/${release}`, on: 'cluster', sh: script, timeoutS: 20 };
}

/** Those that Helm did not bring: it would stop at them in the middle of an installation. */
export function namesakesOf(it: Release, world: World): string[] {
  const rows = (world.text('cluster', namesakesAsk(it).key) ?? '').split('\n').filter((line) => line !== '');
  return rows.flatMap((row) => {
    const [kind, name, release] = row.split('\t');
    return release === it.release ? [] : [`${kind} ${it.namespace}/${name}`];
  });
}
