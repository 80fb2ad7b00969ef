import { chartOf, imageOf, requestsOf } from '../../charts/catalogue.ts';
import { userValues } from '../../charts/keys.ts';
import { type Data, isData, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Amounts, Declared, Id, Json, Load, Service } from '../../engine/types.ts';
import { anew } from '../../resources/held-data.ts';
import { madeWith } from '../../resources/made-with.ts';
import { processorFit } from '../../resources/processor-fit.ts';
import { secret } from '../../resources/secret.ts';
import { quote } from '../../shell/script.ts';
import { templateData } from '../../templates.ts';
import { openNodes } from '../open-nodes.ts';
import { release } from '../release.ts';
import { type Database, settingsOf } from './database.ts';
import { madeOf, outlives } from './outlives.ts';
import { resourcesOf } from './pod.ts';
import { claimOf, dataOf, volume, volumeId } from './volume.ts';

/** Seconds until its pods are ready: a large image over the line of a home, then a slow first start. storage-and-databases sheet, 3.4 */
const READY_S = 2400;
/** Seconds for each part of the proof that it keeps what is written: it is asked 90 s after its start at the earliest. */
const TRIED_S = 1200;
/** MiB that the pod of Attu may have. */
const ATTU_MI = 512;
/** What the scheduler is asked for: half of the limit. storage-and-databases sheet, 4 */
const ASKED = 1 / 2;

const NAMESPACE = 'milvus';
const LOGIN = { secret: 'milvus-root', user: 'root', passwordKey: 'password' } as const;
/** Its pod has it as long as it runs. Nothing of it is an argument, or is printed. */
const STILL_IN = [
  'while its pod runs, take it out of that:',
  "microk8s kubectl -n milvus exec deployment/milvus-standalone -- printenv COMMON_SECURITY_DEFAULTROOTPASSWORD | tr -d '\\n' |",
  'microk8s kubectl -n milvus create secret generic milvus-root --from-file=password=/dev/stdin',
].join(' ');
const PASSWORD: Id = 'databases/milvus-root@cluster';
const PROCESSOR: Id = 'databases/milvus-processor@cluster';
const QUEUE: Id = 'databases/milvus-queue@cluster';
const QUEUE_NOTE = 'mlk8s.io/message-queue';

/** Milvus in one pod, with Attu. facts: storage-and-databases sheet, 3.4; platform sheet, 2 */
export const milvus: Database<'milvus'> = { name: 'milvus', resources, asksFor, services };

function resources(file: Cluster): Declared[] {
  const queue = queueOf(file);
  const standalone = release(file, 'milvus', {
    id: 'databases/milvus@cluster',
    needs: [PROCESSOR, QUEUE, volumeId('milvus'), PASSWORD],
    release: 'milvus',
    namespace: NAMESPACE,
    values: valuesOf(file),
    readyS: READY_S,
    data: dataOf('milvus'),
  });
  return [
    processorFit({
      id: PROCESSOR,
      on: 'cluster',
      needs: [],
      program: 'Milvus',
      machines: machinesFor(file),
      flags: ['sse4_2', 'avx'],
      next: [
        'take databases.milvus out of the cluster file',
        'or keep it to machines that have them: give these a label, and name it in values: { milvus: { standalone: { nodeSelector: … } } }',
      ],
    }),
    madeWith({
      id: QUEUE,
      on: 'cluster',
      needs: [],
      namespace: NAMESPACE,
      ...{ type: 'persistentvolumeclaim', called: 'claim', name: claimOf('milvus') },
      path: `{.metadata.annotations.${QUEUE_NOTE.replaceAll('.', '\\.')}}`,
      choice: 'message queue',
      value: queue,
      next: [
        'take standalone.messageQueue out of the values of milvus in the cluster file, or write there what it was',
        anew('milvus'),
      ],
    }),
    volume(file, 'milvus', { [QUEUE_NOTE]: queue }),
    secret({
      id: PASSWORD,
      on: 'cluster',
      needs: [volumeId('milvus')],
      namespace: NAMESPACE,
      name: LOGIN.secret,
      fixed: {},
      generated: [LOGIN.passwordKey],
      // It writes the password into its own etcd when it first starts, and never reads it again.
      knownTo: claimOf('milvus'),
      database: 'milvus',
      stillIn: STILL_IN,
      anew: anew('milvus'),
    }),
    standalone,
    outlives({
      name: 'milvus',
      title: 'Milvus',
      about: madeOf(standalone.spec, ['attu']),
      ready: standalone.id,
      timeoutS: TRIED_S,
    }),
  ];
}

function valuesOf(file: Cluster): Data {
  const { attu, memoryMi } = settingsOf(file, 'milvus');
  const [repository = '', tag = ''] = imageOf('attu').split(':');
  const shown = { image: { repository, tag }, resources: resourcesOf(requestsOf('attu'), ATTU_MI) };
  return mergeValues(templateData('databases/milvus.yaml'), {
    standalone: { resources: resourcesOf(asked(file), memoryMi) },
    attu: { enabled: attu, ...(attu ? shown : {}) },
  });
}

function asked(file: Cluster): Amounts {
  const { cpu = 0, memory = 0 } = chartOf('milvus').requests;
  return { cpu, memory: Math.max(memory, Math.floor(settingsOf(file, 'milvus').memoryMi * ASKED)) };
}

/** Values of the chart as they are given to it, below `key`. */
function chosen(file: Cluster, key: string): Data {
  const values = mergeValues(valuesOf(file), userValues(file, 'milvus'));
  const found: Json = values[key] ?? {};
  return isData(found) ? found : {};
}

function queueOf(file: Cluster): string {
  return String(chosen(file, 'standalone').messageQueue);
}

/** Machines that its pod may come to: the chart's own selector goes over the one for all of its pods. */
function machinesFor(file: Cluster): string[] {
  const { nodeSelector } = chosen(file, 'standalone');
  const selector = nodeSelector !== undefined && isData(nodeSelector) ? nodeSelector : chosen(file, 'nodeSelector');
  const isMeant = (labels: Readonly<Record<string, string>>) =>
    Object.entries(selector).every(([key, value]) => labels[key] === value);
  const wanted = openNodes(file.nodes).filter(({ name, labels }) =>
    isMeant({ ...labels, 'kubernetes.io/hostname': name }),
  );
  return wanted.map(({ name }) => name);
}

function asksFor(file: Cluster): Load[] {
  const { sizeGi, attu } = settingsOf(file, 'milvus');
  return [{ name: 'Milvus', ...asked(file), disk: sizeGi }, ...(attu ? [{ name: 'Attu', ...requestsOf('attu') }] : [])];
}

function services(file: Cluster): Service[] {
  const { attu } = settingsOf(file, 'milvus');
  const ours = { namespace: NAMESPACE, login: LOGIN };
  return [
    {
      ...{ ...ours, name: 'milvus', service: 'milvus', port: 19530, web: false },
      client: (port, password) => {
        const url = `http://127.0.0.1:${port}`;
        // As a file of curl it is no argument, which everybody on that machine may list.
        const inFile = password.replaceAll(/["\\]/g, '\\$&');
        const header = quote(`header = "Authorization: Bearer ${LOGIN.user}:${inFile}"`);
        return { url, command: `printf '%s\\n' ${header} | curl -K - -d '{}' ${url}/v2/vectordb/collections/list` };
      },
    },
    ...(attu ? [{ ...ours, name: 'attu', service: 'milvus-attu', port: 3000, web: true }] : []),
  ];
}
