/** How resources of PostgreSQL are broken from outside, on a machine rig1 that has the API. */
export const postgresBreaks: Readonly<Record<string, string>> = {
  'databases/postgres-namespace@cluster': 'microk8s kubectl annotate namespace postgres mlk8s.io/digest-',
  'databases/postgres-login@cluster':
    'microk8s kubectl -n postgres patch secret postgres-login --type merge -p \'{"data":{"username":"cm9vdA=="}}\'',
  'databases/postgres-operator@cluster': 'microk8s helm3 rollback cnpg 1 -n cnpg-system',
  'databases/postgres@cluster': 'microk8s kubectl -n postgres delete databases.postgresql.cnpg.io postgres-app',
  'databases/postgres-monitoring@cluster': 'microk8s kubectl -n postgres delete podmonitor postgres',
  'databases/proof-postgres@cluster': `microk8s kubectl -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"databases_proof-postgres_cluster":null}}'`,
};

/** Checks, and what is broken in other tests. */
export const postgresUnbroken: Readonly<Record<string, string>> = {
  'databases/postgres-name': 'a check, tried in test/acceptance/postgres.test.ts and test/resources/made-with.test.ts',
  'databases/postgres-size': 'a check, tried in test/resources/made-with.test.ts',
  'databases/postgres-ready':
    'a check, tried in test/acceptance/postgres.test.ts and test/resources/postgres-cluster.test.ts',
};
