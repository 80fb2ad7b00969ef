import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared } from '../../../src/engine/types.ts';
import { kustomization } from '../../../src/kubeflow/overlay.ts';
import type { KustomizeStageSpec } from '../../../src/resources/kustomize-stage.ts';
import type { KubeManifest } from '../../../src/resources/manifest.ts';
import { kubeflowStep } from '../../../src/steps/kubeflow/index.ts';
import { realTools } from '../../real-tools.ts';
import { cluster, node } from '../../resources/world.ts';

type Kubeflow = NonNullable<Cluster['kubeflow']>;

export const ANNA = { name: 'anna', cpu: 4, memoryGi: 8, gpus: 1, storageGi: 50 };
export const BEN = { name: 'ben-2', email: 'Ben@home.lab' };
export const NETWORK = { domain: 'lab', ingress: true, tls: true };

/** A file with Kubeflow for these two, as the defaults of the schema fill it in. */
export function file(kubeflow: Partial<Kubeflow> = {}, more: Partial<Cluster> = {}): Cluster {
  const nodes = [node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')];
  return cluster(nodes, {
    storage: { openebs: true, hostpath: false },
    network: NETWORK,
    kubeflow: { components: 'minimal', users: [ANNA, BEN], ...kubeflow },
    ...more,
  });
}

export function resourceOf(of: Cluster, name: string): Declared {
  const found = kubeflowStep.resources(of).find(({ id }) => id === `kubeflow/${name}@cluster`);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

export const specOf = <Spec>(of: Cluster, name: string): Spec => resourceOf(of, name).spec as unknown as Spec;

export const objectsOf = (of: Cluster, name: string): readonly KubeManifest[] =>
  specOf<{ objects: readonly KubeManifest[] }>(of, name).objects;

/** What the real kustomize makes of a stage, on the manifests in `tree`: paths and texts, or a folder that has them. */
export function rendered(of: Cluster, stage: string, tree: ReadonlyMap<string, string> | string): KubeManifest[] {
  const root = typeof tree === 'string' ? tree : mkdtempSync(join(tmpdir(), 'mlk8s-render-'));
  const folder = join(root, 'stages', stage);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  try {
    if (typeof tree !== 'string') for (const [path, text] of tree) put(join(root, path), text);
    const { overlay } = specOf<KustomizeStageSpec>(of, stage);
    put(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization(stage, overlay, '../..')));
    const options = { encoding: 'utf8', env: { HOME: root, PATH: '/nonexistent' }, stdio: 'pipe' } as const;
    const text = execFileSync(join(realTools(), 'kubectl'), ['kustomize', folder], options);
    return parseAllDocuments(text).map((document) => document.toJS() as KubeManifest);
  } finally {
    rmSync(typeof tree === 'string' ? join(root, 'stages') : root, { recursive: true, force: true });
  }
}
