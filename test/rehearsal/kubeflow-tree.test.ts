import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kustomization } from '../../src/kubeflow/overlay.ts';
import { allReleases, type Release } from '../../src/kubeflow/releases.ts';
import { rendered } from '../../src/rehearsal/model/microk8s/kubectl/kustomize.ts';
import { standInTree } from '../../src/rehearsal/model/microk8s/kubeflow-tree.ts';
import { realTools } from '../real-tools.ts';
import { MemoryFiles } from './model/microk8s/harness.ts';

const root = mkdtempSync(join(tmpdir(), 'mlk8s-tree-'));
const memory = new MemoryFiles();

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  memory.write(join(root, path), text);
}

/** What the real kustomize makes of a folder, or what it says. */
function real(folder: string): string {
  const options = { encoding: 'utf8', env: { HOME: root, PATH: '/nonexistent' }, stdio: 'pipe' } as const;
  try {
    return execFileSync(join(realTools(), 'kubectl'), ['kustomize', join(root, folder)], options);
  } catch (error) {
    return (error as { stderr: string }).stderr.trim();
  }
}

function modelled(folder: string): string {
  try {
    return rendered(memory, join(root, folder));
  } catch (error) {
    return (error as Error).message;
  }
}

const objects = (text: string): unknown[] => parseAllDocuments(text).map((document) => document.toJS());
const keys = (text: string): string[] => text.split('\n').filter((line) => /^(---|\S+:| {2}name(space)?:)/.test(line));

describe.each(allReleases())('the stand-in of the manifests of Kubeflow $version', (release: Release) => {
  beforeAll(() => {
    for (const [path, text] of standInTree(release)) {
      let changed = text;
      for (const [from, to] of Object.entries(release.localized[path] ?? {})) {
        expect(changed).toContain(from);
        changed = changed.replace(from, relative(dirname(path), to));
      }
      put(`${release.version}/${path}`, changed);
    }
  });

  it.each(release.stages)('is rendered by the model as by the real kustomize, stage $name', (stage) => {
    const folder = `${release.version}/stages/${stage.name}`;
    put(`${folder}/kustomization.yaml`, JSON.stringify(kustomization(stage.name, stage, '../..')));
    const text = real(folder);
    expect(objects(modelled(folder))).toEqual(objects(text));
    // The lines that mlk8s reads of it stand where they stand in the real one.
    expect(keys(modelled(folder))).toEqual(keys(text));
  });
});

describe('kustomize of the model', () => {
  const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
  beforeAll(() => {
    put('above.yaml', CM);
    put('none/a.yaml', CM);
    const bad = {
      above: '{ resources: [../above.yaml] }',
      missing: '{ resources: [x.yaml] }',
      nowhere: '{ resources: [../nowhere-to-be-found] }',
      strange: '{ resources: [], colour: red }',
      aimless: `{ resources: [../good], patches: [{ patch: '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"}}' }] }`,
      good: '{ resources: [a.yaml] }',
    };
    put('good/a.yaml', CM);
    for (const [folder, text] of Object.entries(bad)) put(`${folder}/kustomization.yaml`, text);
  });

  it.each(['above', 'missing', 'nowhere', 'strange', 'aimless', 'none'])(
    'refuses as the real one does: %s',
    (folder) => {
      expect(modelled(folder)).toBe(real(folder));
    },
  );
});

afterAll(() => rmSync(root, { recursive: true, force: true }));
