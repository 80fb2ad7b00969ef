import { beforeEach, describe, expect, it } from 'vitest';
import type { RigState } from '../../../../src/rehearsal/model/state.ts';
import { Lab } from './harness.ts';

const RTX = {
  ...{ slot: '0000:01:00.0', vendor: '10de', device: '2204', class: '0300', driver: 'nouveau' },
  name: 'NVIDIA Corporation GA102 [GeForce RTX 3090]',
};
const DROP_IN = '/etc/containerd/conf.d/99-nvidia.toml';
const TEMPLATE = '/var/snap/microk8s/current/args/containerd-template.toml';
const NS = 'gpu-operator-resources';

let lab: Lab;

/** The host's own driver, as Ubuntu's packages bring it. */
function driver(rig: RigState): void {
  for (const card of rig.hardware.pci) card.driver = 'nvidia';
  rig.modules.push('nvidia');
  rig.packages['nvidia-utils-580-server'] = { version: '580.178.04', state: 'installed' };
}

beforeEach(async () => {
  lab = new Lab();
  lab.add('rig1');
  lab.add('gpu1').hardware.pci.push({ ...RTX });
  await lab.ready('rig1', 'gpu1');
  await lab.join('rig1', 'gpu1', '--worker');
  lab.pass(60);
});

const mk = (words: string, stdin = '') => lab.mk('rig1', words, { stdin });
const kubectl = async (words: string, stdin = '') => {
  const { out, err } = await mk(`kubectl ${words}`, stdin);
  return out + err;
};
const install = (chart: string, repo: string, version: string, namespace: string, values: object) =>
  mk(
    `helm3 upgrade --install ${chart} ${chart} --repo ${repo} --version ${version} -n ${namespace} --create-namespace -f -`,
    JSON.stringify(values),
  );
const operator = (values: object = {}) =>
  install('gpu-operator', 'https://helm.ngc.nvidia.com/nvidia', 'v26.7.0', NS, {
    driver: { enabled: false },
    ...values,
  });
const plugin = (values: object = {}) =>
  install('nvidia-device-plugin', 'https://nvidia.github.io/k8s-device-plugin', '0.20.0', 'nvidia-device-plugin', {
    gfd: { enabled: true },
    ...values,
  });
const offered = (node = 'gpu1') => kubectl(`get node ${node} -o jsonpath={.status.allocatable.nvidia\\.com/gpu}`);
const policy = async () => {
  const { status } = JSON.parse(await kubectl('get clusterpolicies.nvidia.com cluster-policy -o json'));
  const holds = status.conditions.filter((it: { status: string }) => it.status === 'True');
  return [status.state, ...holds.map((it: { type: string; reason: string }) => `${it.type} ${it.reason}`)].join(', ');
};
/** Lets minutes pass with somebody looking now and then. */
async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count * 4; i++) {
    lab.pass(15);
    await mk('kubectl get nodes');
  }
}

const CONFIG = (replicas: number) =>
  `version: v1\nsharing:\n  timeSlicing:\n    resources:\n      - name: nvidia.com/gpu\n        replicas: ${replicas}\n`;

const runtimeClass = (handler: string) =>
  kubectl(
    'apply -f -',
    JSON.stringify({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'nvidia' }, handler }),
  );

const cuda = (spec: object) =>
  kubectl(
    'apply -f -',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'cuda', namespace: 'default' },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'cuda',
            image: 'nvcr.io/nvidia/k8s/cuda-sample:vectoradd-cuda12.5.0',
            resources: { limits: { 'nvidia.com/gpu': 1 } },
          },
        ],
        ...spec,
      },
    }),
  );
const phase = () => kubectl('get pod cuda -o jsonpath={.status.phase}');

describe("NVIDIA's operator", () => {
  it('is ready without having found a card', async () => {
    lab.rig('gpu1').hardware.pci = [];
    await operator();
    await minutes(4);
    expect(await policy()).toBe('ready, Ready NoGPUNodes');
    expect(await kubectl(`get daemonsets -n ${NS} -o name`)).not.toContain('toolkit');
  });

  it('is ready without anybody who labels', async () => {
    await operator({ nfd: { enabled: false } });
    await minutes(4);
    expect(await policy()).toBe('ready, Ready NFDLabelsMissing');
    expect(await offered()).toBe('');
  });

  it('offers the cards of machines with a driver, after minutes', async () => {
    driver(lab.rig('gpu1'));
    await operator();
    expect(await offered()).toBe('');
    await minutes(2);
    expect(await policy()).toBe('notReady, Error OperandNotReady');
    await minutes(4);
    expect(await policy()).toBe('ready, Ready Reconciled');
    expect(await offered()).toBe('1');
    expect(await offered('rig1')).toBe('');
    expect(await kubectl('get runtimeclass nvidia -o jsonpath={.handler}')).toBe('nvidia');
    expect(await kubectl('get node gpu1 -o jsonpath={.metadata.labels.nvidia\\.com/gpu\\.product}')).toBe(
      'NVIDIA-GeForce-RTX-3090',
    );
    const files = lab.filesOf('gpu1');
    expect(files.read(DROP_IN)).toContain('/var/snap/microk8s/8600/opt/cni/bin');
    expect(files.read(TEMPLATE)).toContain('imports = ["/etc/containerd/conf.d/*.toml"]');
  });

  it('waits in driver-validation where no driver works', async () => {
    await operator();
    await minutes(6);
    expect(await policy()).toBe('notReady, Error OperandNotReady');
    const pods = await kubectl(`get pods -n ${NS} -o jsonpath={.items[*].status.initContainerStatuses[*].name}`);
    expect(pods).toContain('driver-validation');
    expect(await offered()).toBe('');
    driver(lab.rig('gpu1'));
    await minutes(1);
    expect(await offered()).toBe('1');
  });

  it('brings the driver in a container when told to', async () => {
    await operator({ driver: { enabled: true } });
    await minutes(8);
    expect(await policy()).toBe('ready, Ready Reconciled');
    expect(await offered()).toBe('1');
  });

  it('offers a card as often as it is shared', async () => {
    driver(lab.rig('gpu1'));
    const config = { create: true, name: 'shares', default: 'four', data: { four: CONFIG(4) } };
    await operator({ devicePlugin: { config } });
    await minutes(6);
    expect(await offered()).toBe('4');
  });

  it('cannot change the handler of a RuntimeClass that is there', async () => {
    driver(lab.rig('gpu1'));
    await runtimeClass('nvidia-container-runtime');
    await operator();
    await minutes(4);
    expect(await policy()).toBe('notReady, Error ReconcileFailed');
    await kubectl('delete runtimeclass nvidia');
    await minutes(4);
    expect(await policy()).toBe('ready, Ready Reconciled');
  });

  it('keeps the paths of the revision that was there when its toolkit started', async () => {
    driver(lab.rig('gpu1'));
    await operator();
    await minutes(6);
    const snap = lab.rig('gpu1').snaps.microk8s as { revision: number };
    snap.revision = 8700;
    await minutes(1);
    expect(lab.filesOf('gpu1').read(DROP_IN)).toContain('/8600/');
    await kubectl(`rollout restart daemonset/nvidia-container-toolkit-daemonset -n ${NS}`);
    await minutes(2);
    expect(lab.filesOf('gpu1').read(DROP_IN)).toContain('/8700/');
  });

  it('takes all with it but the labels', async () => {
    driver(lab.rig('gpu1'));
    await operator();
    await minutes(6);
    await mk(`helm3 uninstall gpu-operator -n ${NS}`);
    await minutes(1);
    expect(await offered()).toBe('0');
    expect(lab.filesOf('gpu1').read(DROP_IN)).toBeUndefined();
    expect(lab.filesOf('gpu1').read(TEMPLATE)).not.toContain('imports');
    expect(await kubectl('get runtimeclasses -o name')).not.toContain('nvidia');
  });

  it('says with the fault operatorlies that all is well, and offers nothing', async () => {
    driver(lab.rig('gpu1'));
    lab.rig('gpu1').faults.push('operatorlies');
    await operator();
    await minutes(6);
    expect(await policy()).toBe('ready, Ready Reconciled');
    expect(await offered()).toBe('');
  });
});

describe("NVIDIA's device plugin alone", () => {
  it('needs a driver, a RuntimeClass and a runtime behind it', async () => {
    await plugin({ config: { map: { two: CONFIG(2) }, default: 'two' } });
    await minutes(3);
    expect(await offered()).toBe('');
    await runtimeClass('nvidia-container-runtime');
    await minutes(1);
    expect(await offered()).toBe('');
    lab.rig('gpu1').packages['nvidia-container-toolkit'] = { version: '1.20.0-1', state: 'installed' };
    await minutes(1);
    expect(await offered()).toBe('');
    driver(lab.rig('gpu1'));
    await minutes(1);
    expect(await offered()).toBe('2');
  });
});

describe('a pod that computes', () => {
  it('finds a card only by its RuntimeClass', async () => {
    driver(lab.rig('gpu1'));
    await operator();
    await minutes(6);
    await cuda({});
    await minutes(1);
    expect(await phase()).toBe('Failed');
    expect(await kubectl('logs cuda')).toContain('CUDA driver version is insufficient for CUDA runtime version');
    await kubectl('delete pod cuda');
    await cuda({ runtimeClassName: 'nvidia' });
    await minutes(1);
    expect(await phase()).toBe('Succeeded');
    expect(await kubectl('logs cuda')).toContain('Test PASSED');
  });

  it('is not scheduled where no card is offered', async () => {
    await cuda({ runtimeClassName: 'nvidia' });
    await minutes(1);
    expect(await phase()).toBe('Pending');
    const why = await kubectl('get pod cuda -o jsonpath={.status.conditions[0].message}');
    expect(why).toBe('0/2 nodes are available: 2 Insufficient nvidia.com/gpu.');
  });

  it('does not start where its runtime is missing', async () => {
    await runtimeClass('nvidia');
    await cuda({ runtimeClassName: 'nvidia', containers: [{ name: 'cuda', image: 'busybox' }] });
    await minutes(1);
    expect(await phase()).toBe('Pending');
    expect(await kubectl('get events -o jsonpath={.items[*].message}')).toContain(
      'no runtime for "nvidia" is configured',
    );
  });
});
