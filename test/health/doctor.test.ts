import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Run, User } from '../acceptance/user.ts';

const FILE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102, labels: { mlk8s/role: gpu } }
storage: {}
gpu: {}
`;

const user = new User();
beforeAll(() => user.file(FILE));
afterAll(() => user.leave());

const doctor = (...args: string[]) => user.run('doctor', '--rehearse', '--json', ...args);
const findings = (run: Run) => run.events.filter((it) => it.event === 'finding');
const found = (run: Run) => findings(run).map((it) => it.entry);
const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);

/** Ubuntu's rsyslog keeps what the journal has; a simulated machine shows it from there. */
const kernelSays = (rig: string, line: string) =>
  user.exec(rig, `echo '2026-11-21T12:00:00+00:00 ${rig} kernel: ${line}' >>/var/log/kern.log`);

describe('a change that fails', () => {
  it('says why its command failed, from the same catalogue', async () => {
    const run = await user.up('--fault', 'rig1:helmfails:openebs');
    const failed = run.events.find((it) => it.event === 'failed' && it.id === 'storage/openebs@cluster');
    expect(failed).toMatchObject({ problem: { why: expect.stringContaining('a job that the chart runs') } });
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
  }, 240_000);
});

describe('the doctor', () => {
  it('finds nothing where all is well, with one exec per machine, and says what it looked at', async () => {
    const run = await doctor();
    expect(found(run)).toEqual([]);
    expect(run.summary).toMatchObject({ exitCode: 0, findings: 0, execs: { rig1: 1, rig2: 1 } });
    expect(run.summary.notes.join('\n')).toMatch(/Looked at nodes \(2\), pods and their events \(\d+\)/);
    expect(run.summary.notes.join('\n')).toContain('failed units, disks and drivers of rig1, rig2');
  });

  it('changes nothing', async () => {
    const before = await user.dump();
    await doctor();
    expect(await user.dump()).toBe(before);
  });

  it('names cause and remedy of what the cluster and the machines show', async () => {
    await kernelSays('rig2', 'NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus');
    await user.exec(
      'rig2',
      `echo '2026-11-21T12:00:00+00:00 rig2 microk8s.daemon-kubelite[8]: E1121 x509: certificate has expired' >>/var/log/syslog`,
    );
    await kubectl(
      'annotate storageclass openebs-hostpath storageclass.kubernetes.io/is-default-class=false --overwrite',
    );
    await kubectl('cordon rig2');
    const run = await doctor();
    expect(found(run)).toEqual(['gpu-lost', 'certificate-expired', 'cordoned', 'no-default-class']);
    expect(run.summary).toMatchObject({ exitCode: 2, findings: 4 });
    expect(run.summary.notes[0]).toMatch(
      /mlk8s up --rehearse has 1 to do \(storage\/[a-z-]+@cluster\): mlk8s plan --rehearse$/,
    );
    expect(findings(run)[1]).toMatchObject({
      machines: ['rig2'],
      problem: {
        seen: 'E1121 x509: certificate has expired',
        why: expect.stringContaining('last a year'),
        next: expect.arrayContaining([expect.stringContaining('mlk8s reset --rehearse --host rig2')]),
      },
    });
  });

  it('names cause and remedy of claims and pods that wait', async () => {
    const pod = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
    const containers = [{ name: 'a', image: 'docker.io/a/b:1' }];
    const asking = (limits: object) => ({ containers: [{ ...containers[0], resources: { limits } }] });
    const claim = { storageClassName: 'openebs-hostpath', resources: { requests: { storage: '1Gi' } } };
    const items = [
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: claim },
      pod('web', { containers, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
      pod('huge', asking({ 'hugepages-2Mi': '2Gi' })),
      pod('greedy', asking({ 'nvidia.com/gpu': 2 })),
    ];
    const text = items.map((it) => JSON.stringify(it)).join('\n---\n');
    await user.exec('rig1', `microk8s kubectl apply -f - <<'END'\n${text}\nEND`);
    const run = await doctor('--fault', 'rig1:claimpending', '--fault', 'rig2:claimpending');
    const about = (entry: string) => findings(run).find((it) => it.entry === entry);
    expect(about('hugepages-missing')).toMatchObject({
      objects: ['Pod default/huge'],
      problem: { why: expect.stringContaining('counts hugepages when it starts') },
    });
    expect(about('gpus-taken')).toMatchObject({ objects: ['Pod default/greedy'] });
    // The disk under the folder for volumes can only be read; the pod of the provisioner says so.
    expect(about('read-only')).toMatchObject({ objects: ['PersistentVolumeClaim default/data'] });
    expect(about('claim-not-bound')).toMatchObject({ objects: ['Pod default/web'] });
    await kubectl('delete pod web huge greedy && microk8s kubectl delete pvc data');
  });

  it('does not believe an operator whose cards nobody can use, and finds a driver that does not fit', async () => {
    expect(found(await doctor('--fault', 'rig2:operatorlies'))).toContain('gpu-not-offered');
    const run = await doctor('--fault', 'rig2:gpumismatch');
    expect(findings(run).find((it) => it.entry === 'driver-mismatch')).toMatchObject({
      machines: ['rig2'],
      problem: {
        seen: 'Failed to initialize NVML: Driver/library version mismatch',
        next: expect.arrayContaining([expect.stringContaining('sudo reboot')]),
      },
    });
    expect(run.summary.notes.join('\n')).toMatch(/mlk8s up --rehearse .*refuses 1/);
  });

  it('of one machine looks at that one', async () => {
    expect(found(await doctor('--host', 'rig1'))).not.toContain('gpu-lost');
  });

  it('says of a node that is not Ready only that, and nothing of its pods', async () => {
    const run = await doctor('--fault', 'rig2:notready');
    expect(found(run)).toContain('network-not-ready');
    expect(findings(run).filter((it) => it.entry === 'not-known')).toEqual([]);
  });

  it('never takes an API that is silent for a cluster without trouble', async () => {
    await user.exec('rig1', 'snap stop microk8s');
    const run = await doctor();
    expect(found(run)).toContain('not-seen');
    expect(run.summary.exitCode).toBe(2);
    await user.exec('rig1', 'snap start microk8s');
  });

  it('ends with 4 when a machine could not be looked at', async () => {
    expect((await doctor('--fault', 'rig2:gone')).summary).toMatchObject({ exitCode: 4, dropped: ['rig2'] });
  });
});
