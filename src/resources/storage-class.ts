import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { kubectl } from './kube.ts';
import { clusterEnds } from './microk8s-leave.ts';
import { gone, stays } from './stays.ts';

/**
 * Exactly one class is the default one, and it is this. Of several, Kubernetes takes the newest; with none, a claim that
 * names no class waits for ever. facts: storage-and-databases sheet, 1.1
 */
export type StorageClassSpec = {
  readonly className: string;
  /** The resource that brings the class. */
  readonly from: Declared['id'];
};

export function storageClass({ id, on, needs, ...spec }: Placed & StorageClassSpec): Declared<StorageClassSpec> {
  return { kind: 'storage-class', id, on, needs, spec };
}

export const storageClassKind: Kind<StorageClassSpec> = {
  kind: 'storage-class',
  asks: () => [classesAsk],
  judge,
  undo,
  lives: 'cluster',
};

export const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Still heeded by Kubernetes. */
const LEGACY = 'storageclass.beta.kubernetes.io/is-default-class';

const dotted = (key: string) => key.replaceAll('.', '\\.');
const ROW = `{.metadata.name}{"\\t"}{.metadata.annotations.${dotted(DEFAULT_CLASS)}}{"\\t"}{.metadata.annotations.${dotted(LEGACY)}}`;

/** All classes and both annotations that can make one the default. */
export const classesAsk: Ask = {
  key: 'storage classes',
  on: 'cluster',
  sh: sh`${kubectl} get storageclasses -o ${`jsonpath={range .items[*]}${ROW}{"\\n"}{end}`}`,
  timeoutS: 20,
};

/** Every class with whether it is a default one; undefined: the API does not say. */
export function classesOf(world: World): ReadonlyMap<string, boolean> | undefined {
  const answer = world.answer('cluster', classesAsk.key);
  if (answer.kind !== 'bytes' || answer.status !== 0 || answer.cut) return undefined;
  const rows = answer.text.split('\n').filter((row) => row !== '');
  return new Map(
    rows.map((row) => {
      const [name = '', ...marks] = row.split('\t');
      return [name, marks.includes('true')];
    }),
  );
}

function judge(it: Declared<StorageClassSpec>, world: World): Verdict {
  const { className, from } = it.spec;
  if (world.identity === undefined) return change(it, [], 'there is no cluster yet');
  return judged(it, world, [classesAsk], () => {
    const classes = classesOf(world);
    if (!classes) return unseen(world);
    const defaults = [...classes].flatMap(([name, isDefault]) => (isDefault ? [name] : []));
    const others = defaults.filter((name) => name !== className);
    if (!classes.has(className)) return { verdict: 'later', because: `there is no class ${className}`, after: from };
    if (others.length === 0 && defaults.length === 1) {
      return { verdict: 'ok', because: `${className} is the default class, and the only one` };
    }
    const because =
      defaults.length === 0
        ? 'no class is the default one: claims that name none wait for ever'
        : defaults.length === 1
          ? `the default class is ${others.join('')}, not ${className}`
          : `${defaults.length} classes are the default one: ${defaults.join(', ')}`;
    return { ...change(it, others, because), diff: [diff(defaults, className)] };
  });
}

const diff = (defaults: readonly string[], className: string) => ({
  what: 'default class',
  before: defaults.map((name) => `${name}\n`).join(''),
  after: `${className}\n`,
});

const unseen = (world: World): Verdict => ({
  verdict: 'settling',
  because: `the API on ${world.lead} does not list its storage classes`,
  deadlineS: 300,
});

function change({ on, spec: { className } }: Declared<StorageClassSpec>, others: readonly string[], because: string) {
  const mark = (name: string, keys: readonly string[], value: string): Script =>
    sh`${kubectl} annotate storageclass ${name} ${keys.map((key) => `${key}=${value}`)} --overwrite`;
  // Ours last: when it is cut off before, there is one default too few, never one too many.
  const run = sh`
    ${{ bash: others.map((name) => mark(name, [DEFAULT_CLASS, LEGACY], 'false').bash).join('\n') }}
    ${mark(className, [DEFAULT_CLASS], 'true')}
  `;
  const does = `make ${className} the only default class`;
  return { verdict: 'change', because, moves: [{ does, on, run, deadlineS: 120 }] } as const;
}

/** Claims without a class rely on it as long as the class is there; what brings the class takes it away. */
function undo(it: Declared<StorageClassSpec>, world: World): Verdict {
  const { className } = it.spec;
  if (clusterEnds(world)) return gone('it goes with the cluster');
  return judged(it, world, [classesAsk], () => {
    const classes = classesOf(world);
    if (!classes) return unseen(world);
    if (!classes.get(className)) return gone(`${className} is not the default class`);
    return stays(`${className} is the default class: claims that name none rely on it`);
  });
}
