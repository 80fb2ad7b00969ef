/** What values of the user's own take from a database that mlk8s gives it: that it keeps its data, and asks for a password. */
import { isLoose, type Placed } from './loose.ts';
import type { Cluster } from './schema.ts';
import type { Path } from './tree.ts';

/** One value of a chart that does so. facts: storage-and-databases sheet, 3.3 and 3.4 */
interface Switch {
  readonly database: 'redis' | 'milvus';
  /** From the chart on. */
  readonly path: readonly string[];
  readonly isOff: (value: unknown) => boolean;
  readonly lost: keyof typeof LOST;
}

const isFalse = (value: unknown) => value === false;
const lacks = (line: RegExp) => (value: unknown) => typeof value === 'string' && !line.test(value);

const SWITCHES: readonly Switch[] = [
  { database: 'redis', path: ['valkey', 'dataStorage', 'enabled'], isOff: isFalse, lost: 'data' },
  { database: 'redis', path: ['valkey', 'valkeyConfig'], isOff: lacks(/^\s*appendonly\s+yes\s*$/m), lost: 'last' },
  { database: 'redis', path: ['valkey', 'auth', 'enabled'], isOff: isFalse, lost: 'password' },
  { database: 'milvus', path: ['milvus', 'standalone', 'persistence', 'enabled'], isOff: isFalse, lost: 'data' },
  {
    ...{ database: 'milvus', path: ['milvus', 'extraConfigFiles', 'user.yaml'], lost: 'password' },
    isOff: lacks(/^\s*authorizationEnabled:\s*true\s*$/m),
  },
];

const LOST = {
  data: {
    seen: 'these values take its volume away',
    why: 'what is in it is not seen any more, and what is written is gone with the pod',
    next: 'Delete this line, unless it holds nothing that matters.',
  },
  last: {
    seen: 'this text does not say "appendonly yes"',
    why: 'without it what was written last is lost at a restart',
    next: 'Add the line "appendonly yes", unless it holds nothing that matters.',
  },
  password: {
    seen: 'these values let everybody in without a password',
    why: 'every pod of the cluster reaches it',
    next: 'Delete it: then the password of mlk8s holds again.',
  },
} as const;

/** What is allowed and likely not meant. */
export function databaseValuesWarnings({ databases = {}, values }: Cluster): Placed[] {
  return SWITCHES.flatMap(({ database, path, isOff, lost }): Placed[] => {
    if (!databases[database] || !isOff(valueAt(values, path))) return [];
    const { seen, why, next } = LOST[lost];
    return [{ path: ['values', ...path], fault: { seen: `${database}: ${seen}`, why, next: [next] } }];
  });
}

function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, key) => (isLoose(here) ? here[String(key)] : undefined), values);
}
