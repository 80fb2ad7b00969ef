import * as z from 'zod';
import { databaseName } from './rules-databases.ts';
import { STORAGE_CLASSES } from './storage-classes.ts';
import { text } from './text.ts';

const sizeGi = (gib: number) => z.int().min(1).max(65536).default(gib).describe('Size of its volume, in GiB');
const storageClass = z.enum(STORAGE_CLASSES).optional().describe('Class of its volume; default that of storage');
const ui = (name: string) => z.boolean().default(true).describe(`${name}, to look at it with a browser`);

const postgres = z.strictObject({
  instances: z.int().min(1).max(3).default(1).describe('Copies of all data, each on a machine of its own'),
  sizeGi: sizeGi(10).describe('Size of the volume of each copy, in GiB'),
  database: text(databaseName).default('app').describe('Name of the database and of its owner'),
  extensions: z
    .array(z.enum(['vector', 'postgis']))
    .max(2)
    .default(['vector', 'postgis'])
    .describe('Extensions in that database: vector (pgvector), postgis'),
  storageClass,
});

const redis = z.strictObject({
  sizeGi: sizeGi(4),
  memoryMi: z.int().min(64).max(1_048_576).default(512).describe('Memory that it may use, in MiB'),
  commander: ui('Redis Commander'),
  storageClass,
});

const milvus = z.strictObject({
  sizeGi: sizeGi(50),
  memoryMi: z.int().min(4096).max(1_048_576).default(4096).describe('Memory that it may use, in MiB'),
  attu: ui('Attu'),
  storageClass,
});

const dynamodb = z.strictObject({ sizeGi: sizeGi(5), storageClass });

/** Section `databases`: each of them is there if it is named. */
export const databases = z.strictObject({
  postgres: postgres.optional().describe('PostgreSQL with pgvector and PostGIS, by CloudNativePG'),
  redis: redis.optional().describe('Valkey, which speaks the protocol of Redis'),
  milvus: milvus.optional().describe('Milvus, a store of vectors'),
  dynamodb: dynamodb.optional().describe('DynamoDB Local, for trying things out'),
});
