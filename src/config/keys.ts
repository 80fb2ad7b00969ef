import * as z from 'zod';
import { clusterSchema } from './schema.ts';
import type { Path } from './tree.ts';

/** The part of JSON Schema that the cluster schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
}

/** One key that a cluster file may have. `path` is written as people do: `nodes[].ssh.port`. */
export interface KnownKey {
  readonly path: string;
  /** Path of the mapping it stands in; empty at the top. */
  readonly parent: string;
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** The cluster schema as JSON Schema draft 7, which the YAML plugins of editors read; keys with a default are optional. */
export function jsonSchema(): JsonSchema {
  return z.toJSONSchema(clusterSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

/** Every key of a cluster file, parents first, in the order of the schema. */
export function knownKeys(): readonly KnownKey[] {
  return below('', jsonSchema());
}

function below(parent: string, schema: JsonSchema): KnownKey[] {
  if (schema.items) return below(`${parent}[]`, schema.items);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = parent === '' ? name : `${parent}.${name}`;
    return [
      { path, parent, name, required: schema.required?.includes(name) ?? false, schema: child },
      ...below(path, child),
    ];
  });
}

/** A path of the data in the writing of `KnownKey.path`. */
export function pattern(path: Path): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[]`;
    return text === '' ? String(segment) : `${text}.${String(segment)}`;
  }, '');
}
