import { chartOf, requestsOf } from '../../charts/catalogue.ts';
import { type Data, mergeValues } from '../../charts/values.ts';
import type { Cluster } from '../../config/schema.ts';
import type { Amounts, Declared, Id, Load, Service } from '../../engine/types.ts';
import { manifest } from '../../resources/manifest.ts';
import { secret } from '../../resources/secret.ts';
import { quote } from '../../shell/script.ts';
import { templateData } from '../../templates.ts';
import { release } from '../release.ts';
import { type Database, settingsOf } from './database.ts';
import { madeOf, outlives } from './outlives.ts';
import { deployed, resourcesOf } from './pod.ts';
import { dataOf, volume, volumeId } from './volume.ts';

/** Seconds until its pod is ready: one small image over the line of a home, and what it kept is read. */
const READY_S = 900;
/** Seconds for each part of the proof that it keeps what is written. */
const TRIED_S = 600;
/** MiB that the pod of Redis Commander may have. Its own manifests say so. */
const COMMANDER_MI = 512;
/** Of the memory of the pod, in percent: the rest is for a copy while it writes. storage-and-databases sheet, 4 */
const MAXMEMORY = 75;
/** What the scheduler is asked for: an eighth of the limit. storage-and-databases sheet, 4 */
const ASKED = 1 / 8;

const NAMESPACE = 'redis';
/** One password for both: whoever looks with Redis Commander has all of the data anyway. */
const SECRET = { secret: 'redis-password', passwordKey: 'password' } as const;
const PASSWORD: Id = 'databases/redis-password@cluster';
const REDIS: Id = 'databases/redis@cluster';

/** Valkey, by its own chart. facts: storage-and-databases sheet, 3.3; platform sheet, 2 */
export const redis: Database<'redis'> = { name: 'redis', resources, asksFor, services };

function resources(file: Cluster): Declared[] {
  const { commander } = settingsOf(file, 'redis');
  const valkey = release(file, 'valkey', {
    id: REDIS,
    needs: [volumeId('redis'), PASSWORD],
    release: 'redis',
    namespace: NAMESPACE,
    values: valuesOf(file),
    readyS: READY_S,
    data: dataOf('redis'),
  });
  return [
    volume(file, 'redis'),
    secret({
      id: PASSWORD,
      on: 'cluster',
      needs: [volumeId('redis')],
      namespace: NAMESPACE,
      name: SECRET.secret,
      fixed: {},
      generated: [SECRET.passwordKey],
      // Its data knows no password: users and what they may are set at each start.
      readAtStart: ['redis', ...(commander ? ['redis-commander'] : [])],
    }),
    valkey,
    ...(commander ? [commanderOf()] : []),
    outlives({ name: 'redis', title: 'Redis', about: madeOf(valkey.spec), ready: REDIS, timeoutS: TRIED_S }),
  ];
}

function valuesOf(file: Cluster): Data {
  const { memoryMi } = settingsOf(file, 'redis');
  const config = [
    'appendonly yes',
    `maxmemory ${Math.floor((memoryMi * MAXMEMORY) / 100)}mb`,
    // What does not fit is refused. The others forget something that was to be kept.
    'maxmemory-policy noeviction',
  ];
  return mergeValues(templateData('databases/redis.yaml'), {
    valkeyConfig: `${config.join('\n')}\n`,
    resources: resourcesOf(asked(file), memoryMi),
  });
}

function asked(file: Cluster): Amounts {
  const { cpu = 0, memory = 0 } = chartOf('valkey').requests;
  return { cpu, memory: Math.max(memory, Math.floor(settingsOf(file, 'redis').memoryMi * ASKED)) };
}

function commanderOf(): Declared {
  return manifest({
    id: 'databases/redis-commander@cluster',
    on: 'cluster',
    needs: [REDIS],
    objects: deployed(
      'databases/redis-commander.yaml',
      'redis-commander',
      resourcesOf(requestsOf('redis-commander'), COMMANDER_MI),
    ),
    readyS: READY_S,
  });
}

function asksFor(file: Cluster): Load[] {
  const { sizeGi, commander } = settingsOf(file, 'redis');
  return [
    { name: 'Redis', ...asked(file), disk: sizeGi },
    ...(commander ? [{ name: 'Redis Commander', ...requestsOf('redis-commander') }] : []),
  ];
}

function services(file: Cluster): Service[] {
  const { commander } = settingsOf(file, 'redis');
  return [
    {
      ...{ name: 'redis', namespace: NAMESPACE, service: 'redis', port: 6379, web: false },
      login: { ...SECRET, user: 'default' },
      client: (port, password) => ({
        url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
        command: `REDISCLI_AUTH=${quote(password)} redis-cli -h 127.0.0.1 -p ${port}`,
      }),
    },
    ...(commander
      ? [
          {
            ...{ name: 'redis-commander', namespace: NAMESPACE, service: 'redis-commander', port: 8081, web: true },
            login: { ...SECRET, user: 'admin' },
          },
        ]
      : []),
  ];
}
