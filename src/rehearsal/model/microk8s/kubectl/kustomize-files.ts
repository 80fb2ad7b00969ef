import { posix } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { RigFiles } from '../../command.ts';
import { isJson, type Json } from '../merge.ts';
import { UsageError } from './args.ts';

/** What the model knows of a kustomization.yaml. */
export interface Kustomization {
  readonly resources?: readonly string[];
  readonly namespace?: string;
  readonly patches?: readonly Patch[];
  readonly labels?: readonly { readonly pairs: Record<string, string>; readonly includeSelectors?: boolean }[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly secretGenerator?: readonly Generator[];
  readonly configMapGenerator?: readonly Generator[];
  readonly generatorOptions?: { readonly disableNameSuffixHash?: boolean };
}

export interface Patch {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Readonly<Record<string, string>>;
}

export interface Generator {
  readonly name: string;
  readonly namespace?: string;
  readonly behavior?: 'create' | 'merge' | 'replace';
  readonly type?: string;
  readonly literals?: readonly string[];
  readonly envs?: readonly string[];
  readonly files?: readonly string[];
}

const KNOWN = new Set([
  ...['apiVersion', 'kind', 'resources', 'namespace', 'patches', 'labels', 'images'],
  ...['secretGenerator', 'configMapGenerator', 'generatorOptions'],
]);

/** Reads the kustomization of a folder. Throws UsageError in kustomize's words. */
export function kustomizationIn(files: RigFiles, folder: string): Kustomization {
  const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
  const text = names.map((name) => files.read(posix.join(folder, name))).find((it) => it !== undefined);
  if (text === undefined) {
    const list = `'${names[0]}', '${names[1]}' or '${names[2]}'`;
    throw new UsageError(`error: unable to find one of ${list} in directory '${folder}'`);
  }
  const data: unknown = parse(text);
  const stranger = Object.keys(isJson(data) ? data : {}).find((key) => !KNOWN.has(key));
  if (stranger !== undefined) throw new UsageError(`error: invalid Kustomization: json: unknown field "${stranger}"`);
  return (data ?? {}) as Kustomization;
}

/** A file of a kustomization: below its folder, or kustomize does not read it. Throws UsageError. */
export function fileOf(files: RigFiles, folder: string, name: string): string {
  const path = posix.resolve(folder, name);
  const text = files.read(path);
  const failed = (why: string, then: string) =>
    new UsageError(
      `error: accumulating resources: accumulation err='accumulating resources from '${name}': ${why}': must build at directory: ${then}`,
    );
  if (text === undefined) {
    const why = `evalsymlink failure on '${path}' : lstat ${path}: no such file or directory`;
    throw failed(why, `not a valid directory: ${why}`);
  }
  if (path.startsWith(`${folder}/`)) return text;
  throw failed(`security; file '${path}' is not in or below '${folder}'`, `'${path}': file is not directory`);
}

/** Objects of a file; Lists are not taken apart. Throws UsageError. */
export function objectsIn(text: string, name: string): Json[] {
  const documents = parseAllDocuments(text);
  return ('empty' in documents ? [] : documents).flatMap((document) => {
    const [problem] = document.errors;
    if (problem)
      throw new UsageError(`error: MalformedYAMLError: yaml: ${problem.message.split('\n')[0]} in File: ${name}`);
    const data: unknown = document.toJS();
    return isJson(data) ? [data] : [];
  });
}

/** Data of a generator, by key. Throws UsageError. */
export function generated(files: RigFiles, folder: string, generator: Generator): Record<string, string> {
  const { literals = [], envs = [], files: names = [] } = generator;
  const lines = envs.flatMap((name) => fileOf(files, folder, name).split('\n'));
  const pairs = [...lines.filter((line) => line !== '' && !line.startsWith('#')), ...literals];
  return {
    ...Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
    ...Object.fromEntries(names.map((name) => [posix.basename(name), fileOf(files, folder, name)])),
  };
}
