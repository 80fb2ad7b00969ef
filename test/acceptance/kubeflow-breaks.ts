const kubectl = 'microk8s kubectl';
const SOURCE = '/var/lib/mlk8s/kubeflow/*';

const secret = (namespace: string, name: string, key: string) =>
  `${kubectl} -n ${namespace} patch secret ${name} --type merge -p '{"data":{"${key}":"b3RoZXI="}}'`;

const unproved = (name: string) =>
  `${kubectl} -n mlk8s-system patch configmap proofs --type merge -p '{"data":{"kubeflow_${name}":null}}'`;

/**
 * How resources of the step kubeflow are broken from outside, on a machine rig1 that has the API: of each stage something
 * is deleted that no other stage has.
 */
export const kubeflowBreaks: Readonly<Record<string, string>> = {
  'kubeflow/source@rig1': `rm -f ${SOURCE}/common/dex/base/objects.yaml`,
  'kubeflow/client-secret@cluster': secret('auth', 'dex-oidc-client', 'OIDC_CLIENT_ID'),
  'kubeflow/proxy-secret@cluster': secret('oauth2-proxy', 'oauth2-proxy', 'client-id'),
  'kubeflow/login-anna@cluster': secret('auth', 'kubeflow-login-anna', 'username'),
  'kubeflow/passwords@cluster': `${kubectl} -n auth patch secret dex-passwords --type merge -p '{"data":{"HASH_CARLA":null}}'`,
  'kubeflow/issuer@cluster': `${kubectl} delete clusterissuer kubeflow-self-signing-issuer`,
  'kubeflow/namespaces@cluster': `${kubectl} -n kubeflow delete networkpolicy default-allow-same-namespace`,
  'kubeflow/istio@cluster': `${kubectl} -n istio-system delete configmap istio`,
  'kubeflow/oauth2-proxy@cluster': `${kubectl} -n oauth2-proxy delete networkpolicy default-allow-same-namespace`,
  'kubeflow/gateway@cluster': `${kubectl} -n kubeflow delete gateways.networking.istio.io kubeflow-gateway`,
  'kubeflow/roles@cluster': `${kubectl} delete clusterrole kubeflow-view`,
  'kubeflow/dex@cluster': `${kubectl} delete crd authcodes.dex.coreos.com`,
  'kubeflow/dashboard@cluster': `${kubectl} -n kubeflow delete configmap dashboard-parameters`,
  'kubeflow/notebooks@cluster': `${kubectl} -n kubeflow delete configmap notebook-controller-config`,
  'kubeflow/pipelines@cluster': `${kubectl} delete crd viewers.kubeflow.org`,
  'kubeflow/katib@cluster': `${kubectl} -n kubeflow delete deployment katib-ui`,
  'kubeflow/trainer@cluster': `${kubectl} delete clustertrainingruntime torch-distributed`,
  'kubeflow/knative@cluster': `${kubectl} -n knative-serving delete configmap config-deployment`,
  'kubeflow/serving@cluster': `${kubectl} -n kubeflow delete service kserve-models-web-application`,
  'kubeflow/spark@cluster': `${kubectl} -n kubeflow delete deployment spark-operator-controller`,
  'kubeflow/registry@cluster': `${kubectl} -n kubeflow-anna delete service model-registry-db`,
  'kubeflow/catalog@cluster': `${kubectl} -n mlk8s-system delete configmap stage-catalog`,
  'kubeflow/profile-carla@cluster': `${kubectl} delete profile kubeflow-carla`,
  'kubeflow/limits-anna@cluster': `${kubectl} -n kubeflow-anna delete limitrange mlk8s-requests`,
  'kubeflow/way-in@cluster': `${kubectl} -n istio-system delete networkpolicy mlk8s-gateway`,
  'kubeflow/scrape@cluster': `${kubectl} -n auth delete networkpolicy mlk8s-scrape`,
  'kubeflow/proof-login@cluster': unproved('proof-login_cluster'),
  'kubeflow/proof-pipeline@cluster': unproved('proof-pipeline_cluster'),
  'kubeflow/proof-notebook@cluster': unproved('proof-notebook_cluster'),
};

/** Checks, and what is broken as another one is. */
export const kubeflowUnbroken: Readonly<Record<string, string>> = {
  'kubeflow/login-ben': 'as that of anna',
  'kubeflow/login-carla': 'as that of anna',
  'kubeflow/profile-anna': 'as that of carla',
  'kubeflow/profile-ben': 'as that of carla',
  'kubeflow/limits-ben': 'as those of anna',
  'kubeflow/user-anna': 'a check of what a controller makes again',
  'kubeflow/user-ben': 'a check of what a controller makes again',
  'kubeflow/user-carla': 'a check of what a controller makes again',
};
