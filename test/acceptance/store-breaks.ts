/** How resources of redis, milvus and dynamodb are broken from outside, on a machine rig1 that has the API. */
export const storeBreaks: Readonly<Record<string, string>> = {
  'databases/redis-password@cluster': 'microk8s kubectl -n redis delete secret redis-password',
  'databases/redis@cluster': 'microk8s helm3 rollback redis 1 -n redis',
  'databases/redis-commander@cluster': 'microk8s kubectl -n redis delete service redis-commander',
  'databases/milvus@cluster': 'microk8s kubectl -n milvus delete deployment milvus-attu',
  'databases/dynamodb@cluster': 'microk8s kubectl -n dynamodb delete service dynamodb',
  'databases/proof-redis@cluster': forget('redis'),
  'databases/proof-milvus@cluster': forget('milvus'),
  'databases/proof-dynamodb@cluster': forget('dynamodb'),
};

/** What a release loses, behind Helm's back: how, whose it is, and what the plan says of it. */
export const releaseBreaks: readonly (readonly [script: string, id: string, because: string])[] = [
  ['-n redis scale deployment redis --replicas=0', 'databases/redis@cluster', 'Deployment redis/redis was scaled to 0'],
  [
    '-n redis delete configmap redis-config',
    'databases/redis@cluster',
    'the only ConfigMap of release redis was deleted',
  ],
  [
    '-n milvus delete service milvus',
    'databases/milvus@cluster',
    '1 of 2 Services of release milvus was deleted; still there: Service milvus/milvus-attu',
  ],
];

function forget(name: string): string {
  return `microk8s kubectl -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"databases_proof-${name}_cluster":null}}'`;
}

/** Checks, and what is broken in other tests. */
export const storeUnbroken: Readonly<Record<string, string>> = {
  'databases/redis-data': 'a claim with data: tried in test/resources/manifest.test.ts',
  'databases/milvus-data': 'as that of redis',
  'databases/dynamodb-data': 'as that of redis',
  'databases/milvus-root': 'its loss is refused, not mended: tried in test/resources/secret.test.ts',
  'databases/milvus-processor': 'a check: test/cases/processor-fit.json',
  'databases/milvus-queue': 'a check, tried in test/acceptance/stores.test.ts',
};
