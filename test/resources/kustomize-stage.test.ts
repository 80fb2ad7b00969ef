import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/charts/values.ts';
import type { Answer, Declared } from '../../src/engine/types.ts';
import { helmAsk } from '../../src/resources/helm-sight.ts';
import { kinds } from '../../src/resources/index.ts';
import { kustomizeStage } from '../../src/resources/kustomize-stage.ts';
import { stagesAsk } from '../../src/resources/stage-sight.ts';
import { answerOf, at, said, type Told, worldOf } from './world.ts';

const overlay = { paths: ['common/a'], patches: [], images: [] };
const STAGE = kustomizeStage({
  ...{ id: 'kubeflow/dex@cluster', on: 'cluster', needs: [] },
  ...{ stage: 'dex', title: 'the login server Dex', release: 'Kubeflow 1.0' },
  ...{
    source: '/var/lib/mlk8s/kubeflow/1.0',
    digest: 'd',
    overlay,
    replaces: [],
    passes: [],
    marks: ['auth/dex'],
    readyS: 900,
  },
});
const DIGEST = digestOf({ digest: 'd', overlay });

const OBJECTS = 'v1 Namespace - auth\napps/v1 Deployment auth dex\nnetworking.istio.io/v1 VirtualService auth dex\n';
const BUILT_IN = 'namespace/auth   Active   5d\n\nauth   deployment.apps/dex   1/1   1   1   5d\n';
const CUSTOM = 'auth   virtualservice.networking.istio.io/dex   ["g"]   5d\n';
const row = (ready: string) => `Deployment\tauth\tdex\tdex\t1\t1\t1\t\t${ready}\t\t1\n`;
const answer = (digest: string, builtIn: string, custom: string, workloads: string) =>
  `stage stage-dex ${digest}\n${OBJECTS}\n----\n${builtIn}----\n${custom}----\n${workloads}`;
const pods = (...rows: string[]) => `----\n----\n${rows.join('')}----\n----\n`;

function judge(stages: Told, helm: Told = pods()) {
  const answers = new Map<string, Answer>([
    [at('cluster', stagesAsk.key), answerOf(stages)],
    [at('cluster', helmAsk.key), answerOf(helm)],
  ]);
  const world = { ...worldOf({ answers }), lead: 'cp1', identity: 'X' };
  return kinds['kustomize-stage']?.judge(STAGE as unknown as Declared, world) ?? { verdict: 'ok', because: '' };
}

describe('a stage', () => {
  it.each<[string, Told, string]>([
    ['is ok', answer(DIGEST, BUILT_IN, CUSTOM, row('1')), 'ok: 3 objects of the login server Dex are there and ready'],
    ['was never applied', '----\n----\n----\n', 'change: the login server Dex was never applied to its end'],
    [
      'was installed by somebody else',
      `----\n----\n----\n${row('1').replace('\tdex\tdex\t', '\tdex\t\t')}`,
      'refused: Deployment auth/dex was not installed by mlk8s',
    ],
    [
      'was applied in part',
      `----\n----\n----\n${row('1')}`,
      'change: the login server Dex was never applied to its end',
    ],
    [
      'was applied from an earlier release',
      answer('00', BUILT_IN, CUSTOM, row('1')),
      'change: the login server Dex was applied from other manifests, or with other settings, than those of Kubeflow 1.0',
    ],
    [
      'lost objects',
      answer(DIGEST, 'namespace/auth   Active   5d\n', '', ''),
      'change: Deployment auth/dex, VirtualService auth/dex of the login server Dex are not there',
    ],
    [
      'has objects of a type that is gone',
      answer(
        DIGEST,
        BUILT_IN,
        'error: the server doesn\'t have a resource type "VirtualService"\nfailed VirtualService.networking.istio.io\n',
        row('1'),
      ),
      'settling: not all of the login server Dex can be seen: the server doesn\'t have a resource type "VirtualService"',
    ],
    [
      'has objects of a type that kubectl remembers and the API does not',
      answer(
        DIGEST,
        BUILT_IN,
        'Error from server (NotFound): Unable to list "networking.istio.io/v1, Resource=virtualservices": the server could not find the requested resource (get virtualservices.networking.istio.io)\nfailed VirtualService.networking.istio.io\n',
        row('1'),
      ),
      'settling: not all of the login server Dex can be seen: Error from server (NotFound): Unable to list "networking.istio.io/v1, Resource=virtualservices": the server could not find the requested resource (get virtualservices.networking.istio.io)',
    ],
    [
      'cannot be seen, because half of the API is away',
      answer(DIGEST, BUILT_IN, 'Unable to connect to the server: net/http: TLS handshake timeout\nfailed\n', row('1')),
      'settling: the API on cp1 does not answer: Unable to connect to the server: net/http: TLS handshake timeout',
    ],
    [
      'cannot be seen, because one type is not listed',
      answer(DIGEST, BUILT_IN, `${CUSTOM}Error from server (Forbidden): no\nfailed\n`, row('1')),
      'settling: the API on cp1 does not answer: Error from server (Forbidden): no',
    ],
    [
      'is seen while a type of another stage is gone',
      answer(DIGEST, BUILT_IN, `error: the server doesn't have a resource type "A"\nfailed A.b\n${CUSTOM}`, row('1')),
      'ok: 3 objects of the login server Dex are there and ready',
    ],
    [
      'was cut off',
      answer('unfinished', BUILT_IN, '', row('1')),
      'change: the login server Dex was never applied to its end',
    ],
    [
      'was scaled to 0',
      answer(DIGEST, BUILT_IN, CUSTOM, row('').replace('\t1\t1\t1\t', '\t1\t1\t0\t')),
      'change: Deployment auth/dex was scaled to 0',
    ],
    ['cannot be seen at all', { text: '', status: 1 }, 'settling: the API on cp1 does not answer'],
    ['was not asked for in time', { kind: 'timeout' }, 'settling: the API on cp1 does not answer'],
    [
      'is seen through what kubectl complains of',
      answer(DIGEST, BUILT_IN, `E1121 20:00:00.000000 4242 memcache.go:287] "x/y"\n${CUSTOM}`, row('1')),
      'ok: 3 objects of the login server Dex are there and ready',
    ],
  ])('%s', (_, told, seen) => expect(said(judge(told))).toBe(seen));

  it('waits for its pods, and says why they are not ready', () => {
    const pod = 'auth\tdex-5d8\tPending\tFalse\t\tImagePullBackOff\t\tBack-off pulling image "dex:1"\n';
    expect(judge(answer(DIGEST, BUILT_IN, CUSTOM, row('')), pods(pod))).toEqual({
      verdict: 'settling',
      because: 'Deployment auth/dex has 0 of 1 ready (ImagePullBackOff: Back-off pulling image "dex:1")',
      deadlineS: 900,
    });
  });

  it('is to be applied where there is no cluster yet', () => {
    const verdict = kinds['kustomize-stage']?.judge(STAGE as unknown as Declared, worldOf({}));
    expect(verdict).toMatchObject({ verdict: 'change', because: 'there is no cluster yet', settled: true });
  });
});
