import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach } from 'vitest';
import { clusterSchema } from '../../src/config/schema.ts';
import type { Declared } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { allReleases, releaseFor } from '../../src/kubeflow/releases.ts';
import { standInTree } from '../../src/rehearsal/model/microk8s/kubeflow-tree.ts';
import { kinds } from '../../src/resources/index.ts';
import type { KustomizeStageSpec } from '../../src/resources/kustomize-stage.ts';
import { stages } from '../../src/steps/kubeflow/stages.ts';
import { realCluster } from './real-cluster.ts';

export type Stage = Declared<KustomizeStageSpec>;

const FILE = clusterSchema.parse({
  name: 'lab',
  nodes: [{ name: 'cp1', address: '192.168.1.11', role: 'control-plane' }],
  storage: {},
  network: {},
  kubeflow: { components: 'full', users: [{ name: 'anna' }] },
});
const RELEASE = releaseFor(FILE.microk8s.channel) ?? allReleases()[0];

/** All stages of the newest release. */
export const ALL = stages(FILE).filter(({ kind }) => kind === 'kustomize-stage') as unknown as Stage[];
export const stage = (name: string): Declared => ALL.find(({ spec }) => spec.stage === name) as unknown as Declared;

/** The same stage with other settings. */
export function stageWith(name: string, more: (spec: KustomizeStageSpec) => Partial<KustomizeStageSpec>): Declared {
  const it = stage(name) as unknown as Stage;
  return { ...it, spec: { ...it.spec, ...more(it.spec) } } as unknown as Declared;
}

/** The tree as the source lies on the lead: what is remote in it is replaced. */
function writeTree(root: string): void {
  if (!RELEASE) throw new Error('no release');
  for (const [path, text] of standInTree(RELEASE)) {
    const here = join(root, path);
    mkdirSync(dirname(here), { recursive: true });
    const near = Object.entries(RELEASE.localized[path] ?? {}).reduce(
      (all, [from, to]) => all.replaceAll(from, `${'../'.repeat(path.split('/').length - 1)}${to}`),
      text,
    );
    writeFileSync(here, near);
  }
}

interface Receipt {
  readonly data: { readonly digest: string; objects: string };
}

/** `realCluster`, with the manifests on the lead. */
export function stageRig() {
  const cluster = realCluster();
  const { dir, api, judge } = cluster;
  const source = () => join(dir(), 'state/kubeflow', RELEASE?.version ?? '');

  beforeEach(() => {
    writeTree(source());
    // Nothing needs time here.
    writeFileSync(join(dir(), 'bin/sleep'), '#!/bin/sh\n', { mode: 0o755 });
  });

  return {
    ...cluster,
    source,
    keys: (kind: string) => [...api().objects.keys()].filter((key) => key.startsWith(`${kind} `)),
    receipt: (name: string) => api().objects.get(`configmaps mlk8s-system/stage-${name}`) as unknown as Receipt,
    undone: (it: Declared) => judge(it, undoing(kinds)),
    /** What controllers do: pods of all workloads are ready, or none. */
    pods: (ready: number) => {
      for (const it of api().objects.values()) {
        if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(it.kind)) continue;
        it.spec = { ...(it.spec as object), replicas: 1 };
        it.status = { readyReplicas: ready, updatedReplicas: 1, desiredNumberScheduled: 1, numberReady: ready };
      }
    },
  };
}
