import type { Cluster } from '../../config/schema.ts';
import type { Step, World } from '../../engine/types.ts';
import type { Database } from './database.ts';
import { dynamodb } from './dynamodb.ts';
import { milvus } from './milvus.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';

const all: readonly Database[] = [postgres, redis, milvus, dynamodb];

/** Databases for what runs in the cluster. facts: storage-and-databases sheet, 3; platform sheet, 2 to 4 */
export const databasesStep: Step = {
  name: 'databases',
  title: 'Databases: PostgreSQL, Redis, Milvus, DynamoDB',
  resources: (file) => askedFor(file).flatMap((it) => it.resources(file)),
  asksFor: (file) => askedFor(file).flatMap((it) => it.asksFor(file)),
  services: (file) => askedFor(file).flatMap((it) => it.services(file)),
  notes,
};

const askedFor = ({ databases }: Cluster) => all.filter(({ name }) => databases?.[name] !== undefined);

function notes({ file }: World): string[] {
  const names = askedFor(file).map(({ name }) => name);
  return names.length === 0 ? [] : [`${names.join(', ')}: to reach one from here: mlk8s connect ${names[0]}`];
}
