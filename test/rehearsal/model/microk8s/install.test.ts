import { describe, expect, it } from 'vitest';
import {
  onBoot,
  onServicesRestarted,
  onSnapInstalled,
  onSnapRefreshed,
  onSnapRemoved,
} from '../../../../src/rehearsal/model/microk8s/install.ts';
import { Lab } from './harness.ts';

const SD = '/var/snap/microk8s/current';
const APPLIED = '/var/snap/microk8s/common/etc/launcher/install.yaml.applied';
const REFUSED = 'The connection to the server 127.0.0.1:16443 was refused - did you specify the right host or port?\n';

describe('snap install (sheet 3)', () => {
  it('lays out the data under the revision that current points to', () => {
    const lab = new Lab();
    lab.install('cp1');
    const files = lab.filesOf('cp1');
    expect(files.read(`${SD}/args/kube-apiserver`)).toContain('--authorization-mode=AlwaysAllow\n');
    expect(files.read('/var/snap/microk8s/8600/args/kubelet')).toBe(files.read(`${SD}/args/kubelet`));
    expect(files.read(`${SD}/args/cni-env`)).toContain('IPv4_SERVICE_CIDR=10.152.183.0/24\n');
    expect(files.read(`${SD}/var/kubernetes/backend/info.yaml`)).toMatch(
      /^Address: 127\.0\.0\.1:19001\nID: \d+\nRole: 0\n$/,
    );
    expect(files.exists(`${SD}/var/lock/ha-cluster`)).toBe(true);
    expect(files.exists(`${SD}/var/lock/clustered.lock`)).toBe(false);
  });

  it('answers after some time, is Ready later, and gets dns by itself', async () => {
    const lab = new Lab();
    lab.install('cp1');
    expect(await lab.mk('cp1', 'kubectl get nodes')).toEqual({ code: 1, out: '', err: REFUSED });
    expect((await lab.mk('cp1', 'status --wait-ready')).code).toBe(0);
    lab.pass(30);
    await lab.mk('cp1', 'status');
    expect(lab.filesOf('cp1').exists(APPLIED)).toBe(true);
    expect((await lab.mk('cp1', 'status -a dns')).out).toBe('enabled\n');
    expect((await lab.mk('cp1', 'kubectl -n kube-system rollout status deploy/coredns')).code).toBe(0);
  });

  it('names its Node by the lowercase host name and labels it', async () => {
    const lab = new Lab();
    lab.add('cp1');
    lab.filesOf('cp1').write('/etc/hostname', 'Rig-One\n');
    await lab.ready('cp1');
    const labels = await lab.mk('cp1', ['kubectl', 'get', 'node', 'rig-one', '-o', 'jsonpath={.metadata.labels}']);
    expect(JSON.parse(labels.out)).toMatchObject({
      'microk8s.io/cluster': 'true',
      'node.kubernetes.io/microk8s-controlplane': 'microk8s-controlplane',
    });
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toMatch(
      /^rig-one +Ready +<none> +\S+ +v1\.35\.3\n$/,
    );
  });

  it('takes addons and kubelet arguments from the launch configuration, and then no dns of its own', async () => {
    const lab = new Lab();
    lab.add('cp1');
    const launch = 'version: 0.1.0\naddons:\n- name: metrics-server\nextraKubeletArgs:\n  --max-pods: "200"\n';
    lab.filesOf('cp1').write('/etc/microk8s.yaml', launch);
    await lab.ready('cp1');
    expect((await lab.mk('cp1', 'status --format short')).out).toContain('core/metrics-server: enabled\n');
    expect((await lab.mk('cp1', 'status -a dns')).out).toBe('disabled\n');
    expect((await lab.mk('cp1', 'kubectl get node cp1 -o jsonpath={.status.capacity.pods}')).out).toBe('200');
  });

  it('dnsnever: the launch configuration is never applied', async () => {
    const lab = new Lab();
    lab.add('cp1').faults = ['dnsnever'];
    await lab.ready('cp1');
    expect(lab.filesOf('cp1').exists(APPLIED)).toBe(false);
  });

  it('notready: the node never becomes Ready', async () => {
    const lab = new Lab();
    lab.add('cp1').faults = ['notready'];
    await lab.ready('cp1');
    expect((await lab.mk('cp1', 'status --wait-ready --timeout 30')).code).toBe(1);
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toMatch(/^cp1 +NotReady /);
  });

  it('arms the low-memory guard on a machine of 512 MiB', async () => {
    const lab = new Lab();
    lab.add('cp1').hardware.memoryMiB = 512;
    await lab.ready('cp1');
    const asked = await lab.mk('cp1', 'status');
    expect([asked.code, asked.out]).toEqual([1, expect.stringMatching(/^This node does not have enough RAM/)]);
  });
});

describe('10-microk8s.conf (sheet 3)', () => {
  const OWN = '/etc/sysctl.d/10-microk8s.conf';

  it('appends what no file sets high enough, and loads all files', () => {
    const lab = new Lab();
    const rig = lab.add('cp1');
    rig.sysctl['vm.max_map_count'] = '262144';
    lab
      .filesOf('cp1')
      .write('/etc/sysctl.d/90-mlk8s.conf', 'fs.inotify.max_user_instances=2280\nvm.max_map_count=1000000\n');
    lab.install('cp1');
    expect(lab.filesOf('cp1').read(OWN)).toBe('fs.aio-max-nr=1048576\nfs.inotify.max_user_watches=1048576\n');
    expect(rig.sysctl).toMatchObject({ 'fs.inotify.max_user_instances': '2280', 'vm.max_map_count': '1000000' });
  });

  it('does not see a line with blanks around the sign, so a later file wins', () => {
    const lab = new Lab();
    const rig = lab.add('cp1');
    lab.filesOf('cp1').write('/etc/sysctl.d/05-own.conf', 'fs.inotify.max_user_instances = 2280\n');
    lab.install('cp1');
    expect(lab.filesOf('cp1').read(OWN)).toContain('fs.inotify.max_user_instances=1024\n');
    expect(rig.sysctl['fs.inotify.max_user_instances']).toBe('1024');
  });
});

describe('restart, boot, refresh, remove', () => {
  it('the API is away for some seconds after a restart, the Node stays Ready', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    onServicesRestarted(lab.rig('cp1'), lab.world, lab.now);
    expect((await lab.mk('cp1', 'kubectl get nodes')).err).toBe(REFUSED);
    lab.pass(10);
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toContain(' Ready ');
  });

  it('comes back after a boot, unless it was stopped', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    for (const stopped of [false, true]) {
      if (stopped) await lab.mk('cp1', 'stop');
      lab.rig('cp1').bootedAt = lab.now;
      onBoot(lab.rig('cp1'));
      lab.pass(60);
      const asked = await lab.mk('cp1', 'status');
      if (stopped) expect(asked).toEqual({ code: 0, out: 'microk8s is not running, try microk8s start\n', err: '' });
      else expect(asked.code).toBe(0);
    }
    expect((await lab.mk('cp1', 'kubectl get nodes')).code).toBe(1);
    expect((await lab.mk('cp1', 'start')).code).toBe(0);
    expect((await lab.mk('cp1', 'status')).code).toBe(0);
  });

  it('a kubelet that starts under another host name registers another Node (sheet 6 #6)', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    lab.filesOf('cp1').write('/etc/hostname', 'renamed\n');
    onServicesRestarted(lab.rig('cp1'), lab.world, lab.now);
    lab.pass(60);
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toMatch(/^cp1 +NotReady .*\nrenamed +Ready /);
  });

  it('a refresh copies the data and changes the version of the kubelet', async () => {
    const lab = new Lab();
    await lab.ready('cp1');
    const snap = lab.rig('cp1').snaps.microk8s;
    Object.assign(snap ?? {}, { version: 'v1.36.1', revision: 9000, tracking: '1.36/stable' });
    lab.filesOf('cp1').write(`${SD}/args/kubelet`, 'mine\n');
    onSnapRefreshed(lab.rig('cp1'), lab.world, lab.now, lab.filesOf('cp1'));
    expect(lab.filesOf('cp1').read('/var/snap/microk8s/9000/args/kubelet')).toBe('mine\n');
    expect((await lab.mk('cp1', 'kubectl get nodes')).code).toBe(1);
    lab.pass(60);
    expect((await lab.mk('cp1', 'kubectl get nodes --no-headers')).out).toContain(' v1.36.1\n');
  });

  it('a purge takes all data and leaves a NotReady Node and a dqlite row with the peers', async () => {
    const lab = new Lab();
    await lab.ready('cp1', 'cp2', 'cp3');
    await lab.join('cp1', 'cp2');
    await lab.join('cp1', 'cp3');
    lab.pass(60);
    await lab.mk('cp1', 'status');
    onSnapRemoved(lab.rig('cp3'), lab.world, lab.filesOf('cp3'));
    expect(lab.filesOf('cp3').exists('/var/snap/microk8s')).toBe(false);
    expect((await lab.mk('cp1', 'kubectl get node cp3 --no-headers')).out).toMatch(/^cp3 +Ready /);
    lab.pass(45);
    expect((await lab.mk('cp1', 'kubectl get node cp3 --no-headers')).out).toMatch(/^cp3 +NotReady /);
    expect((await lab.mk('cp1', 'status --format yaml')).out).toContain('address: 10.0.0.3:19001');
    onSnapInstalled(lab.rig('cp3'), lab.world, lab.now, lab.next, lab.filesOf('cp3'));
    lab.pass(120);
    expect((await lab.join('cp1', 'cp3')).out).toContain('already known to dqlite (500)');
  });
});
