import { parseAllDocuments } from 'yaml';
import { isJson } from '../merge.ts';
import type { Manifest } from '../store.ts';
import { UsageError } from './args.ts';
import type { Client } from './client.ts';

/** A manifest and where it came from, as errors name it. */
export interface Source {
  manifest: Manifest;
  label: string;
}

/** All documents of `-f FILE` (`-` is standard input); Lists are taken apart. Throws UsageError. */
export async function readManifests(client: Client, files: readonly string[]): Promise<Source[]> {
  if (files.length === 0) throw new UsageError('error: must specify one of -f and -k');
  const sources: Source[] = [];
  for (const file of files) sources.push(...(await readOne(client, file)));
  if (sources.length === 0) throw new UsageError('error: no objects passed to apply');
  return sources;
}

async function readOne(client: Client, file: string): Promise<Source[]> {
  if (file === '-') return split((await client.context.stdin()).toString(), 'STDIN');
  const path = file.startsWith('/') ? file : `${client.context.cwd}/${file}`;
  const text = client.context.files.read(path);
  if (text !== undefined) return split(text, file);
  const inside = client.context.files
    .list(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort();
  if (inside.length === 0) throw new UsageError(`error: the path "${file}" does not exist`);
  const all = inside.map((entry) => `${file}/${entry.split('/').at(-1)}`);
  return (await Promise.all(all.map((f) => readOne(client, f)))).flat();
}

function split(text: string, label: string): Source[] {
  const documents = parseAllDocuments(text);
  return ('empty' in documents ? [] : documents).flatMap((document) => {
    const problem = document.errors[0];
    if (problem)
      throw new UsageError(
        `error: error parsing ${label}: error converting YAML to JSON: yaml: ${problem.message.split('\n')[0]}`,
      );
    const data: unknown = document.toJS();
    if (data === null || data === undefined) return [];
    const items =
      isJson(data) && data.kind === 'List' && Array.isArray(data.items) ? (data.items as unknown[]) : [data];
    return items.map((item) => ({ manifest: valid(item, label), label }));
  });
}

function valid(item: unknown, label: string): Manifest {
  const lacks = (what: string) =>
    new UsageError(`error: error validating "${label}": error validating data: ${what} not set`);
  if (!isJson(item) || typeof item.apiVersion !== 'string') throw lacks('apiVersion');
  if (typeof item.kind !== 'string') throw lacks('kind');
  if (!isJson(item.metadata) || typeof item.metadata.name !== 'string') {
    throw new UsageError(
      `error: error when retrieving current configuration of: ${item.kind}: resource name may not be empty`,
    );
  }
  return item as unknown as Manifest;
}
