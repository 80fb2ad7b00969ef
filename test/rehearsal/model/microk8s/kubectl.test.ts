import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Lab, type Outcome } from './harness.ts';

let lab: Lab;
beforeEach(async () => {
  lab = new Lab();
  await lab.ready('cp1');
});

const k = (words: string | string[], stdin?: string): Promise<Outcome> =>
  lab.mk(
    'cp1',
    ['kubectl', ...(typeof words === 'string' ? words.split(' ') : words)],
    stdin === undefined ? {} : { stdin },
  );
const ok = (out: string): Outcome => ({ code: 0, out, err: '' });
const fails = (err: string): Outcome => ({ code: 1, out: '', err });

const cm = (value: string, extra = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndata: {k: "${value}"${extra}}\n`;
const deployment = (name: string, spec = '') =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: ${name}}}\n  template:\n    metadata: {labels: {app: ${name}}}\n    spec:\n      containers: [{name: c, image: i}]\n${spec}`;

describe('get', () => {
  it('prints names, also of several kinds', async () => {
    expect(await k('get nodes -o name')).toEqual(ok('node/cp1\n'));
    expect(await k('get ds,deploy -n kube-system -o name')).toEqual(
      ok('daemonset.apps/calico-node\ndeployment.apps/calico-kube-controllers\ndeployment.apps/coredns\n'),
    );
  });

  it('says what is missing', async () => {
    expect(await k('get node x')).toEqual(fails('Error from server (NotFound): nodes "x" not found\n'));
    expect(await k('get deploy x')).toEqual(fails('Error from server (NotFound): deployments.apps "x" not found\n'));
    expect(await k('get node x --ignore-not-found')).toEqual(ok(''));
    expect(await k('get nosuch')).toEqual(fails('error: the server doesn\'t have a resource type "nosuch"\n'));
    expect(await k('get pods')).toEqual({ code: 0, out: '', err: 'No resources found in default namespace.\n' });
    expect(await k('get nodes --nosuch')).toEqual(
      fails("error: unknown flag: --nosuch\nSee 'kubectl get --help' for usage.\n"),
    );
  });

  it('prints a list, or one object, as json and yaml', async () => {
    expect(JSON.parse((await k('get nodes -o json')).out)).toMatchObject({ kind: 'List', items: [{ kind: 'Node' }] });
    expect(JSON.parse((await k('get node cp1 -o json')).out)).toMatchObject({
      kind: 'Node',
      metadata: { name: 'cp1' },
    });
    expect(parse((await k('get ns default -o yaml')).out)).toMatchObject({
      kind: 'Namespace',
      status: { phase: 'Active' },
    });
    expect((await k('get node cp1 -o json')).out).not.toContain('rehearsal');
  });

  it.each([
    ['jsonpath={.items[*].metadata.name}', 'cp1'],
    ['jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.status.addresses[0].address}{"\\n"}{end}', 'cp1\t10.0.0.1\n'],
    ['jsonpath={.items[0].status.conditions[?(@.type=="Ready")].status}', 'True'],
    ['jsonpath={.items[0].metadata.labels.kubernetes\\.io/hostname}', 'cp1'],
    ["jsonpath={.items[0].metadata.labels['kubernetes\\.io/os']}", ''],
    ['jsonpath={.items[0].nosuch}', ''],
    ['custom-columns=NAME:.metadata.name,OS:.status.nodeInfo.operatingSystem', 'NAME   OS\ncp1    linux\n'],
  ])('-o %s', async (format, out) => {
    expect(await k(['get', 'nodes', '-o', format])).toEqual(ok(out));
  });

  it('selects by labels and fields', async () => {
    expect((await k('get nodes -l microk8s.io/cluster=true -o name')).out).toBe('node/cp1\n');
    expect((await k('get nodes -l microk8s.io/cluster!=true -o name')).out).toBe('');
    expect((await k('get ns --field-selector metadata.name=default -o name')).out).toBe('namespace/default\n');
  });

  it('asks the API for its health', async () => {
    expect(await k('get --raw /readyz')).toEqual(ok('ok'));
    expect(JSON.parse((await k('get --raw /version')).out)).toMatchObject({ gitVersion: 'v1.35.3' });
    expect((await k('version')).out).toContain('Server Version: v1.35.3\n');
  });
});

describe('apply, create, patch, delete', () => {
  it('created, unchanged, configured', async () => {
    expect(await k('apply -f -', cm('1'))).toEqual(ok('configmap/a created\n'));
    expect(await k('apply -f -', cm('1'))).toEqual(ok('configmap/a unchanged\n'));
    expect(await k('apply -f -', cm('2'))).toEqual(ok('configmap/a configured\n'));
    expect((await k('get cm a -o jsonpath={.data.k}')).out).toBe('2');
  });

  it('removes what was applied before and is no longer, and leaves what others wrote', async () => {
    await k('apply -f -', cm('1', ', gone: x'));
    await k(['patch', 'cm', 'a', '-p', '{"data":{"foreign":"y"}}']);
    await k('apply -f -', cm('1'));
    expect(JSON.parse((await k('get cm a -o jsonpath={.data}')).out)).toEqual({ k: '1', foreign: 'y' });
  });

  it('server side', async () => {
    expect(await k('apply --server-side --force-conflicts --field-manager=me -f -', cm('1'))).toEqual(
      ok('configmap/a serverside-applied\n'),
    );
  });

  it('takes several documents and goes on after a failure', async () => {
    const crd = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n';
    const applied = await k('apply -f -', `${crd}---\n${cm('1')}`);
    expect(applied.code).toBe(1);
    expect(applied.out).toBe('configmap/a created\n');
    expect(applied.err).toBe(
      'error: resource mapping not found for name: "w" namespace: "default" from "STDIN": no matches for kind "Widget" in version "example.com/v1"\nensure CRDs are installed first\n'.replace(
        '"default"',
        '""',
      ),
    );
  });

  it('serves a kind once its CRD is there, and not after', async () => {
    const crd =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets, shortNames: [wd]}, versions: [{name: v1, served: true}]}\n';
    await k('apply -f -', crd);
    expect((await k('wait --for=condition=established crd/widgets.example.com')).code).toBe(0);
    await k('apply -f -', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n');
    expect(await k('get wd -o name')).toEqual(ok('widget.example.com/w\n'));
    await k('delete crd widgets.example.com');
    expect((await k('get widgets')).err).toContain("doesn't have a resource type");
  });

  it('needs the namespace; a namespace takes its objects along', async () => {
    const inside = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: n}\n';
    expect((await k('apply -f -', inside)).err).toBe(
      'Error from server (NotFound): error when creating "STDIN": namespaces "n" not found\n',
    );
    expect(await k('create ns n')).toEqual(ok('namespace/n created\n'));
    expect(await k('create ns n')).toEqual(fails('Error from server (AlreadyExists): namespaces "n" already exists\n'));
    await k('apply -f -', inside);
    expect((await k('get cm,sa -n n -o name')).out).toBe(
      'configmap/b\nconfigmap/kube-root-ca.crt\nserviceaccount/default\n',
    );
    expect((await k('delete ns n')).out).toBe('namespace "n" deleted\n');
    expect((await k('get cm -A -o name')).out).not.toContain('configmap/b\n');
  });

  it('create secret, printed or made', async () => {
    const words = ['create', 'secret', 'generic', 's', '--from-literal=a=b=c', '--dry-run=client', '-o', 'yaml'];
    expect(parse((await k(words)).out)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 's' },
      data: { a: 'Yj1j' },
    });
    expect((await k('get secrets -o name')).out).toBe('');
    await k(['create', 'secret', 'generic', 's', '--from-file=pw=/dev/stdin'], 'hidden');
    expect((await k('get secret s -o jsonpath={.data.pw}')).out).toBe(Buffer.from('hidden').toString('base64'));
  });

  it('patches by merge and by JSON patch', async () => {
    await k('apply -f -', cm('1'));
    expect(await k(['patch', 'cm', 'a', '--type=merge', '-p', '{"data":{"k":null,"l":"2"}}'])).toEqual(
      ok('configmap/a patched\n'),
    );
    expect(
      await k(['patch', 'cm', 'a', '--type', 'json', '-p', '[{"op":"add","path":"/data/m","value":"3"}]']),
    ).toEqual(ok('configmap/a patched\n'));
    expect(JSON.parse((await k('get cm a -o jsonpath={.data}')).out)).toEqual({ l: '2', m: '3' });
    expect((await k(['patch', 'cm', 'a', '--type', 'json', '-p', '[{"op":"remove","path":"/data/x"}]'])).code).toBe(1);
  });

  it('deletes', async () => {
    expect(await k('delete cm a')).toEqual(fails('Error from server (NotFound): configmaps "a" not found\n'));
    expect((await k('delete cm a --ignore-not-found')).code).toBe(0);
    await k('apply -f -', cm('1'));
    expect(await k('delete -f - --wait=false', cm('1'))).toEqual(ok('configmap "a" deleted from default namespace\n'));
  });

  it('does not change what may not change', async () => {
    const sc = (path: string) =>
      `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s}\nprovisioner: p\nparameters: {path: ${path}}\n`;
    await k('apply -f -', sc('a'));
    expect((await k('apply -f -', sc('b'))).err).toContain('Error from server (Invalid)');
  });
});

describe('label, annotate, taint, cordon, drain', () => {
  it('labels', async () => {
    expect(await k('label node cp1 a/b=c')).toEqual(ok('node/cp1 labeled\n'));
    expect(await k('label node cp1 a/b=c')).toEqual(ok('node/cp1 not labeled\n'));
    expect(await k('label node cp1 a/b=d')).toEqual(
      fails("error: 'a/b' already has a value (c), and --overwrite is false\n"),
    );
    expect((await k('label node cp1 a/b=d --overwrite')).code).toBe(0);
    expect((await k('get nodes -l a/b=d -o name')).out).toBe('node/cp1\n');
    expect(await k('label node cp1 a/b-')).toEqual(ok('node/cp1 unlabeled\n'));
    expect(await k('annotate node cp1 x=y')).toEqual(ok('node/cp1 annotated\n'));
  });

  it('taints keep pods away', async () => {
    expect(await k('taint nodes cp1 gpu=present:NoSchedule')).toEqual(ok('node/cp1 tainted\n'));
    await k('apply -f -', deployment('d'));
    lab.pass(60);
    expect((await k('get deploy d -o jsonpath={.status.availableReplicas}')).out).toBe('0');
    expect(await k('taint nodes cp1 gpu:NoSchedule-')).toEqual(ok('node/cp1 untainted\n'));
    expect((await k('get deploy d -o jsonpath={.status.availableReplicas}')).out).toBe('2');
    expect(await k('taint nodes cp1 gpu-')).toEqual(fails('error: taint "gpu" not found\n'));
  });

  it('cordons and drains', async () => {
    expect((await k('drain cp1')).err).toContain(
      'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
    );
    expect((await k('drain cp1 --ignore-daemonsets --delete-emptydir-data')).out).toMatch(/node\/cp1 drained\n$/);
    expect((await k('get nodes --no-headers')).out).toContain(' Ready,SchedulingDisabled ');
    expect(await k('uncordon cp1')).toEqual(ok('node/cp1 uncordoned\n'));
  });
});

describe('workloads', () => {
  it('become available after a while, and wait and rollout see it', async () => {
    await k('apply -f -', deployment('d'));
    expect((await k('get deploy d --no-headers')).out).toMatch(/^d +0\/2 +2 +0 /);
    expect((await k('get pods -l app=d --no-headers')).out).toMatch(/0\/1 +ContainerCreating/);
    expect(await k('wait --for=condition=Available deploy/d --timeout=2s')).toEqual(
      fails('error: timed out waiting for the condition on deployments.apps/d\n'),
    );
    const rolled = await k('rollout status deploy/d --timeout=60s');
    expect(rolled.out).toBe(
      'Waiting for deployment "d" rollout to finish: 0 of 2 updated replicas are available...\ndeployment "d" successfully rolled out\n',
    );
    expect((await k('get pods -l app=d --no-headers')).out).toMatch(/1\/1 +Running/);
    expect((await k('rollout restart deploy/d')).out).toBe('deployment.apps/d restarted\n');
    expect((await k('get deploy d -o jsonpath={.status.availableReplicas}')).out).toBe('0');
  });

  it('wait for something that is not there', async () => {
    expect(await k('wait --for=condition=Ready node/x')).toEqual(
      fails('Error from server (NotFound): nodes "x" not found\n'),
    );
    expect(await k('wait --for=condition=Ready pod -l a=b')).toEqual(fails('error: no matching resources found\n'));
    expect((await k('wait --for=delete pod/x')).code).toBe(0);
  });

  it('a pod that ends, and a job', async () => {
    await k(
      'apply -f -',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {restartPolicy: Never, containers: [{name: c, image: i}]}\n',
    );
    await k(
      'apply -f -',
      'apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n',
    );
    expect((await k('wait --for=jsonpath={.status.phase}=Succeeded pod/p --timeout=30s')).code).toBe(0);
    expect((await k('wait --for=condition=complete job/j --timeout=30s')).code).toBe(0);
    expect((await k('logs job/j')).out).toMatch(/^simulated log of j-/);
  });

  it('a claim without a class is pending and so are its pods', async () => {
    const pvc =
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteOnce]}\n';
    await k('apply -f -', pvc);
    await k('apply -f -', deployment('d', '      volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]\n'));
    lab.pass(60);
    expect((await k('get pvc c -o jsonpath={.status.phase}')).out).toBe('Pending');
    expect((await k('get pods -o jsonpath={.items[0].status.phase}')).out).toBe('Pending');
    await lab.mk('cp1', 'enable hostpath-storage');
    lab.pass(60);
    expect((await k('get pvc c -o jsonpath={.status.phase}')).out).toBe('Bound');
    lab.pass(60);
    expect((await k('get deploy d -o jsonpath={.status.availableReplicas}')).out).toBe('2');
  });
});

describe('services', () => {
  const service = (name: string, spec: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;

  it('get a cluster address that stays', async () => {
    await k('apply -f -', service('s', 'ports: [{port: 80}]'));
    const before = (await k('get svc s -o jsonpath={.spec.clusterIP}')).out;
    expect(before).toMatch(/^10\.152\.183\.\d+$/);
    expect(await k('apply -f -', service('s', 'ports: [{port: 81}]'))).toEqual(ok('service/s configured\n'));
    expect((await k('get svc s -o jsonpath={.spec.clusterIP}')).out).toBe(before);
  });

  it('keep a node port that was given out', async () => {
    const manifest = service('s', 'type: NodePort, ports: [{port: 80}]');
    await k('apply -f -', manifest);
    expect(await k('apply -f -', manifest)).toEqual(ok('service/s unchanged\n'));
  });

  it('share no node port', async () => {
    await k('apply -f -', service('a', 'type: NodePort, ports: [{port: 80, nodePort: 32000}]'));
    const refused = await k('apply -f -', service('b', 'type: NodePort, ports: [{port: 80, nodePort: 32000}]'));
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('32000: provided port is already allocated\n'),
    ]);
  });

  it('a LoadBalancer has an address only with MetalLB, and an Ingress with it', async () => {
    await lab.mk('cp1', 'enable ingress');
    const ingress = 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {}\n';
    await k('apply -f -', ingress);
    const path = '-o jsonpath={.status.loadBalancer.ingress[0].ip}';
    expect((await k(`get ingress i ${path}`)).out).toBe('');
    await lab.mk('cp1', 'enable metallb 10.0.0.200-10.0.0.220');
    expect((await k(`get ingress i ${path}`)).out).toBe('10.0.0.200');
    expect((await k(`get svc traefik -n ingress ${path}`)).out).toBe('10.0.0.200');
  });
});
