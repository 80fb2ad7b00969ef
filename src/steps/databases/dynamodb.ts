import { requestsOf } from '../../charts/catalogue.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Declared, Load, Service } from '../../engine/types.ts';
import { manifest } from '../../resources/manifest.ts';
import { type Database, settingsOf } from './database.ts';
import { outlives } from './outlives.ts';
import { deployed, resourcesOf } from './pod.ts';
import { dataOf, volume, volumeId } from './volume.ts';

/** Seconds until its pod is ready: one image over the line of a home. */
const READY_S = 900;
/** Seconds for each part of the proof that it keeps what is written. */
const TRIED_S = 600;
/** MiB that its pod may have: twice what Java may take for data. storage-and-databases sheet, 4 */
const LIMIT_MI = 512;

const NAMESPACE = 'dynamodb';

/** DynamoDB Local, for trying things out: it looks at no password. facts: storage-and-databases sheet, 3.6 */
export const dynamodb: Database<'dynamodb'> = {
  name: 'dynamodb',
  resources,
  asksFor: (file): Load[] => [
    { name: 'DynamoDB Local', ...requestsOf('dynamodb-local'), disk: settingsOf(file, 'dynamodb').sizeGi },
  ],
  services: (): Service[] => [
    {
      ...{ name: 'dynamodb', namespace: NAMESPACE, service: 'dynamodb', port: 8000, web: false },
      client: (port) => {
        const url = `http://127.0.0.1:${port}`;
        // It wants keys and a region, whatever they are: letters and digits.
        const keys = 'AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=local';
        return { url, command: `${keys} aws dynamodb list-tables --endpoint-url ${url}` };
      },
    },
  ],
};

function resources(file: Cluster): Declared[] {
  const requests = requestsOf('dynamodb-local');
  const objects = deployed('databases/dynamodb.yaml', 'dynamodb-local', resourcesOf(requests, LIMIT_MI));
  const local = manifest({
    id: 'databases/dynamodb@cluster',
    on: 'cluster',
    needs: ['microk8s/dns@cluster', volumeId('dynamodb')],
    objects,
    readyS: READY_S,
    data: dataOf('dynamodb'),
  });
  const about = objects.filter(({ kind }) => kind === 'Deployment');
  return [
    volume(file, 'dynamodb'),
    local,
    outlives({ name: 'dynamodb', title: 'DynamoDB Local', about, ready: local.id, timeoutS: TRIED_S }),
  ];
}
