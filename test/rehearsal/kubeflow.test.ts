import { beforeAll, describe, expect, it } from 'vitest';
import { allReleases, type Release } from '../../src/kubeflow/releases.ts';
import { standInTree } from '../../src/rehearsal/model/microk8s/kubeflow-tree.ts';
import { Lab, type Outcome } from './model/microk8s/harness.ts';

const tree = standInTree(allReleases()[0] as Release);
const lab = new Lab();
const k = (words: string, stdin?: string): Promise<Outcome> =>
  lab.mk('cp1', `kubectl ${words}`, stdin === undefined ? {} : { stdin });

/** One try; what kubectl says of what did not go. */
async function apply(folder: string): Promise<Outcome> {
  const { out } = await k(`kustomize /source/${folder}`);
  expect(out).not.toBe('');
  return k('apply --server-side --force-conflicts --field-manager=mlk8s -f -', out);
}

const PROFILE = (quota: string) => `
apiVersion: kubeflow.org/v1
kind: Profile
metadata: { name: kubeflow-anna }
spec: { owner: { kind: User, name: anna@lab }, resourceQuotaSpec: { ${quota} } }
`;
const NOTEBOOK = `
apiVersion: kubeflow.org/v1
kind: Notebook
metadata: { name: first, namespace: kubeflow-anna }
spec: { template: { spec: { containers: [{ name: first, image: jupyter }] } } }
`;

describe('Kubeflow on a simulated cluster', () => {
  beforeAll(async () => {
    await lab.ready('cp1');
    for (const [path, text] of tree) lab.filesOf('cp1').write(`/source/${path}`, text);
    await k('create namespace cert-manager');
  });

  it('takes nothing into a namespace that is not there', async () => {
    const { code, err } = await apply('common/istio/istio-install/overlays/oauth2-proxy');
    expect(code).toBe(1);
    expect(err).toContain('namespaces "istio-system" not found');
  });

  it('takes objects of types that come along only the second time, and when their webhook answers', async () => {
    const folder = 'applications/trainer/upstream/overlays';
    for (const path of ['common/kubeflow-namespace/base', 'common/istio/istio-crds/base']) await apply(path);
    expect((await apply('applications/trainer/upstream/base/crds')).code).toBe(0);
    const crd = 'clustertrainingruntimes.trainer.kubeflow.org';
    await k(`delete crd ${crd}`);
    const unknown = await apply(`${folder}/runtimes`);
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.err).toContain(
      'no matches for kind "ClusterTrainingRuntime" in version "trainer.kubeflow.org/v1alpha1"\nensure CRDs are installed first\n',
    );
    await apply('applications/trainer/upstream/base/crds');
    await k(
      'apply --server-side -f -',
      (tree.get(`${folder}/manager/objects.yaml`) ?? '').replaceAll(
        /^ {2}name: (kubeflow-trainer-\S+)$/gm,
        '  name: $1\n  namespace: kubeflow-system',
      ),
    );
    const refused = await apply(`${folder}/runtimes`);
    expect(refused.err).toContain(
      'failed calling webhook "validator.clustertrainingruntime.trainer.kubeflow.org": failed to call webhook: Post "https://kubeflow-trainer-controller-manager.kubeflow-system.svc:443/validate?timeout=10s": no endpoints available for service "kubeflow-trainer-controller-manager"',
    );
    lab.pass(30);
    expect((await apply(`${folder}/runtimes`)).code).toBe(0);
  });

  it('makes of a Profile a namespace with accounts and a quota, and keeps the quota as the Profile has it', async () => {
    await apply('applications/dashboard/overlays/istio');
    expect((await k('apply --server-side -f -', PROFILE('hard: { cpu: "4" }'))).out).toBe(
      'profile.kubeflow.org/kubeflow-anna serverside-applied\n',
    );
    expect((await k('get ns kubeflow-anna')).code).toBe(1);
    lab.pass(30);
    expect((await k('-n kubeflow-anna get sa -o name')).out).toBe(
      'serviceaccount/default\nserviceaccount/default-editor\nserviceaccount/default-viewer\n',
    );
    const hard = () => k('-n kubeflow-anna get resourcequota kf-resource-quota -o jsonpath={.spec.hard}');
    expect((await hard()).out).toBe('{"cpu":"4"}');
    await k('apply --server-side -f -', PROFILE('hard: { memory: 8Gi }'));
    expect((await hard()).out).toBe('{"memory":"8Gi"}');
    await k('apply --server-side -f -', PROFILE(''));
    expect((await hard()).err).toContain('"kf-resource-quota" not found');
  });

  it('leaves a namespace alone while its owner is another one than that of the Profile', async () => {
    const renamed = PROFILE('hard: { cpu: "2" }').replace('anna@lab', 'anna@home');
    const seen = async () => [
      (await k('get profile kubeflow-anna -o jsonpath={.status.conditions[*].type}')).out,
      (await k('get ns kubeflow-anna -o jsonpath={.metadata.annotations.owner}')).out,
      (await k('-n kubeflow-anna get rolebinding namespaceAdmin -o jsonpath={.metadata.annotations.user}')).out,
      (await k('-n kubeflow-anna get resourcequota -o name')).out,
    ];
    await k('apply --server-side -f -', renamed);
    expect(await seen()).toEqual(['Failed', 'anna@lab', 'anna@lab', '']);
    await k('annotate --overwrite namespace kubeflow-anna owner=anna@home');
    expect(await seen()).toEqual(['Successful', 'anna@home', 'anna@home', 'resourcequota/kf-resource-quota\n']);
  });

  it('makes of a Notebook a StatefulSet, a Service and a pod', async () => {
    await apply('applications/notebooks-v1/overlays/istio');
    lab.pass(30);
    await k('apply --server-side -f -', NOTEBOOK);
    await k('get nodes');
    lab.pass(30);
    expect((await k('-n kubeflow-anna get statefulset,svc,pods -o name')).out).toBe(
      'statefulset.apps/first\nservice/first\npod/first-0\n',
    );
    expect((await k('-n kubeflow-anna get notebook first -o jsonpath={.status.readyReplicas}')).out).toBe('1');
  });

  it('lists several types at once, each object with its type, and says which type it has not', async () => {
    const words = '-A --no-headers --show-kind';
    const { out } = await k(`get profiles.kubeflow.org,notebooks.kubeflow.org ${words}`);
    expect(out.split('\n').map((row) => row.split(/ +/).slice(0, 2))).toEqual([
      ['profile.kubeflow.org/kubeflow-anna', expect.any(String)],
      ['kubeflow-anna', 'notebook.kubeflow.org/first'],
      [''],
    ]);
    const { code, err } = await k(`get profiles.kubeflow.org,trials.kubeflow.org ${words}`);
    expect([code, err]).toEqual([1, 'error: the server doesn\'t have a resource type "trials"\n']);
  });

  it('loses the namespace and all that is in it with the Profile', async () => {
    await k('delete profile kubeflow-anna');
    expect((await k('get ns kubeflow-anna')).code).toBe(1);
    expect((await k('get notebooks,statefulsets -A -o name')).out).toBe('');
  });
});
