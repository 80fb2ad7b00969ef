import { imageOf } from '../../charts/catalogue.ts';
import { mergeValues } from '../../charts/values.ts';
import type { Declared, Id, Json } from '../../engine/types.ts';
import type { HelmReleaseSpec } from '../../resources/helm-release.ts';
import type { KubeManifest } from '../../resources/manifest.ts';
import { proof } from '../../resources/proof.ts';
import { templateData } from '../../templates.ts';
import type { DatabaseName } from './database.ts';

/** One database in `templates/databases/proofs.yaml`. */
interface Trial {
  /** Labels of its pods, as kubectl takes them: `key=value,key=value`. */
  readonly pods: string;
  /** Key of an image in `templates/charts.yaml`. */
  readonly image: string;
  readonly secret?: string;
  readonly env: Json;
  /** What both pods begin with, and then what each does: lines of sh. */
  readonly both: string;
  readonly write: string;
  readonly read: string;
}

/** What the pod that reads prints last. */
const EXPECT = 'read after a restart';

interface Kept {
  readonly name: DatabaseName;
  /** As people call it. */
  readonly title: string;
  /** What its pods are made of. With another one they are made anew anyway, and it is proved again. */
  readonly about: Json;
  /** The resource that says that its pods are ready. */
  readonly ready: Id;
  /** Seconds for each part. */
  readonly timeoutS: number;
}

/** That a database keeps what is written over a restart. */
export function outlives({ name, title, about, ready, timeoutS }: Kept): Declared {
  const all = templateData('databases/proofs.yaml') as unknown as Record<DatabaseName, Trial> & { pod: KubeManifest };
  const trial = all[name];
  const [write, read] = [`${name}-write`, `${name}-read`];
  return proof({
    id: `databases/proof-${name}@cluster`,
    on: 'cluster',
    needs: [ready],
    what: `${title} keeps what is written over a restart`,
    node: 'cluster',
    inputs: about,
    objects: [
      podOf(all.pod, write, name, trial, `${trial.write}echo 'written'\n`),
      podOf(all.pod, read, name, trial, `${trial.read}echo '${EXPECT}'\n`),
    ],
    pod: read,
    restart: { after: write, namespace: name, pods: trial.pods },
    ...(trial.secret === undefined ? {} : { secrets: [{ namespace: name, name: trial.secret }] }),
    expect: EXPECT,
    timeoutS,
  });
}

function podOf(below: KubeManifest, name: string, namespace: DatabaseName, trial: Trial, script: string): KubeManifest {
  const beside = {
    labelSelector: { matchLabels: Object.fromEntries(trial.pods.split(',').map((label) => label.split('='))) },
    namespaces: [namespace],
    topologyKey: 'kubernetes.io/hostname',
  };
  const container = {
    name: 'proof',
    image: imageOf(trial.image),
    command: ['sh', '-c', `${trial.both}${script}`],
    env: trial.env,
  };
  return mergeValues(below, {
    metadata: { name },
    spec: {
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [beside] } },
      containers: [container],
    },
  }) as KubeManifest;
}

/** What a release makes of its chart. `besides`: values of what has nothing to do with the data. */
export function madeOf({ chart, version, values }: HelmReleaseSpec, besides: readonly string[] = []): Json {
  const own = Object.entries(values).filter(([key]) => !besides.includes(key));
  return { chart, version, values: Object.fromEntries(own) };
}
