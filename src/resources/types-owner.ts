import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';

/**
 * Types that somebody left in the cluster, and that no release has, are handed to the release that brings them: Helm refuses to install over what
 * is not its own. facts: platform sheet, 5 #6
 */
export type TypesOwnerSpec = {
  /** API group of the types: all of them belong to the release. */
  readonly group: string;
  readonly release: string;
  readonly namespace: string;
};

export function typesOwner({ id, on, needs, ...spec }: Placed & TypesOwnerSpec): Declared<TypesOwnerSpec> {
  return { kind: 'types-owner', id, on, needs, spec };
}

export const typesOwnerKind: Kind<TypesOwnerSpec> = {
  kind: 'types-owner',
  transient: true,
  asks: () => [typesAsk],
  judge,
};

const NAME = 'meta.helm.sh/release-name';
const NAMESPACE = 'meta.helm.sh/release-namespace';
const MANAGED = 'app.kubernetes.io/managed-by';

const path = (key: string): string => key.replaceAll('.', '\\.');
const FIELDS = [
  '{.metadata.name}',
  `{.metadata.annotations.${path(NAME)}}`,
  `{.metadata.annotations.${path(NAMESPACE)}}`,
  `{.metadata.labels.${path(MANAGED)}}`,
];

const typesAsk: Ask = {
  key: 'types and their releases',
  on: 'cluster',
  sh: sh`${kubectl} get customresourcedefinitions -o ${`jsonpath={range .items[*]}${FIELDS.join('{"\\t"}')}{"\\n"}{end}`}`,
  timeoutS: 30,
};

function judge(it: Declared<TypesOwnerSpec>, world: World): Verdict {
  const { group, release, namespace } = it.spec;
  if (world.identity === undefined) return { verdict: 'ok', because: 'there is no cluster yet' };
  return judged(it, world, [typesAsk], ({ text, status }) => {
    if (status !== 0) {
      return { verdict: 'settling', because: `the API on ${world.lead} does not answer`, deadlineS: 300 };
    }
    const rows = text.split('\n').map((line) => line.split('\t'));
    const ofGroup = rows.filter(([name = '']) => name.endsWith(`.${group}`));
    const isOurs = ([, by, where]: readonly string[]) => by === release && where === namespace;
    const theirs = ofGroup.find((row) => row[1] !== '' && !isOurs(row));
    if (theirs) return taken(it, theirs);
    const loose = ofGroup.filter((row) => !isOurs(row) || row[3] !== 'Helm').map(([name = '']) => name);
    if (loose.length > 0) return handOver(it, loose);
    return { verdict: 'ok', because: `${ofGroup.length} types of ${group}, none of somebody else` };
  });
}

function taken({ id, spec: { group } }: Declared<TypesOwnerSpec>, [name, by, where]: readonly string[]): Verdict {
  return refused(
    id,
    `the type ${name} belongs to release ${by} in namespace ${where}`,
    'somebody else installed what goes by these types; two operators would fight over the same objects',
    `when it is not needed any more: helm uninstall ${by} --namespace ${where}`,
    `to keep it, take the section that wants the types of ${group} out of the cluster file`,
  );
}

function handOver({ on, spec }: Declared<TypesOwnerSpec>, names: readonly string[]): Verdict {
  const { group, release, namespace } = spec;
  const run = sh`
    ${kubectl} annotate customresourcedefinitions ${names} --overwrite ${`${NAME}=${release}`} ${`${NAMESPACE}=${namespace}`}
    ${kubectl} label customresourcedefinitions ${names} --overwrite ${`${MANAGED}=Helm`}
  `;
  const does = `hand ${names.length} types of ${group} to release ${release}`;
  const because = `${names.length} types of ${group} belong to no release`;
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: 60 }] };
}
