import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parseCluster } from '../../../src/config/load.ts';
import { devboxBeside, devboxUser, machinesOf } from '../../../src/config/machines.ts';
import type { Cluster } from '../../../src/config/schema.ts';
import { allReleases } from '../../../src/devbox/releases.ts';
import { allSources } from '../../../src/devbox/sources.ts';
import { steps } from '../../../src/steps/index.ts';

const file = (devbox: string, more = ''): Cluster =>
  parseCluster(
    Buffer.from(`name: lab
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane, ssh: { user: lab } }
  - { name: desk, address: 10.0.0.102, local: true }
${more}devbox: ${devbox}
`),
    'mlk8s.yaml',
  ).file;

const alone = (devbox: string): Cluster =>
  parseCluster(
    Buffer.from(`name: lab
nodes: [{ name: rig1, address: 10.0.0.101, role: control-plane }]
devbox: ${devbox}
`),
    'mlk8s.yaml',
  ).file;

const resources = (cluster: Cluster) => steps.find(({ name }) => name === 'devbox')?.resources(cluster) ?? [];
const names = (cluster: Cluster) => resources(cluster).map(({ id }) => id.slice('devbox/'.length, id.indexOf('@')));
const hosts = (cluster: Cluster) => [
  ...new Set(resources(cluster).flatMap(({ on }) => (typeof on === 'object' ? [on.host] : []))),
];

describe('the machine that is meant', () => {
  it('is the workstation, as root, where no member is local', () => {
    expect(devboxBeside(alone('{ user: anna }'))).toEqual({ name: 'devbox', address: '', local: true, ssh: {} });
    expect(hosts(alone('{ user: anna }'))).toEqual(['devbox']);
  });

  it('is the local member where there is one', () => {
    expect(devboxBeside(file('{ user: anna }'))).toBeUndefined();
    expect(hosts(file('{ user: anna }'))).toEqual(['desk']);
  });

  it('is a member by its name, and its tools are those of who logs in there', () => {
    expect([hosts(file('{ host: rig1 }')), devboxUser(file('{ host: rig1 }'))]).toEqual([['rig1'], 'lab']);
  });

  it('is another machine by user@address, which is none of the nodes', () => {
    const it = file('{ host: "anna@box.lan:2222" }');
    expect(machinesOf(it).map(({ name }) => name)).toEqual(['rig1', 'desk', 'devbox']);
    expect(devboxBeside(it)).toEqual({
      ...{ name: 'devbox', address: 'box.lan', local: false },
      ssh: { user: 'anna', port: 2222 },
    });
    expect(it.nodes).toHaveLength(2);
    expect(devboxUser(file('{ host: anna@10.0.0.50, user: bob }'))).toBe('bob');
  });
});

describe('what is there', () => {
  it('is nothing but the tools of the cluster unless more is named', () => {
    const expected = [
      'workstation',
      'ubuntu',
      'dpkg',
      'base',
      'hosts',
      'snapd-package',
      'snapd',
      'kubectl',
      'helm',
      'k9s',
    ];
    expect(names(alone('{ user: anna }'))).toEqual(expected);
    expect(names(alone('{ user: anna, kubectl: false, helm: false, k9s: false }'))).toEqual([
      'workstation',
      'ubuntu',
      'dpkg',
      'base',
      'hosts',
    ]);
  });

  it('is noted on the workstation where it is no machine of the cluster', () => {
    const box = file('{ host: "anna@10.0.0.50:2222" }');
    expect(resources(box)[0]).toMatchObject({ id: 'devbox/anna-at-10.0.0.50-2222@devbox', on: 'workstation' });
    expect(resources(file('{ host: rig1 }')).filter(({ on }) => on === 'workstation')).toEqual([]);
  });

  it('takes a kubeconfig along to where the workstation is not', () => {
    expect(names(file('{ host: anna@10.0.0.50 }'))).toContain('kubeconfig');
    expect(names(file('{ host: rig1 }'))).toContain('kubeconfig');
    expect(names(file('{ user: anna }'))).not.toContain('kubeconfig');
  });

  it('has what keeps Docker from MicroK8s before Docker, and only on members', () => {
    const docker = resources(file('{ host: rig1, docker: {} }')).find(({ id }) => id === 'devbox/docker@rig1');
    expect(docker?.needs).toContain('devbox/docker-forward@rig1');
    expect(names(file('{ host: anna@10.0.0.50, docker: {} }'))).not.toContain('docker-forward');
  });

  it('trusts the registry when there is one, and puts nobody into the group docker unasked', () => {
    const more = 'storage: { registry: {} }\n';
    expect(names(file('{ user: anna, docker: {} }'))).not.toContain('docker-registry');
    expect(names(file('{ user: anna, docker: {} }', more))).toContain('docker-registry');
    expect(names(file('{ user: anna, docker: {} }'))).not.toContain('docker-group');
    expect(names(file('{ user: anna, docker: { group: true } }'))).toContain('docker-group');
  });

  it('has kubectl of the track of the cluster, held', () => {
    const kubectl = resources(file('{ user: anna }', 'microk8s: { channel: 1.34/stable }\n')).find(
      ({ id }) => id === 'devbox/kubectl@desk',
    );
    expect(kubectl?.spec).toMatchObject({ channel: '1.34/stable', held: true, classic: true });
  });
});

it.each([
  ['1.31', '3.18.6'],
  ['1.34', '3.18.6'],
  ['1.35', '3.19.2'],
  ['1.36', '3.20.2'],
  ['1.38', '3.20.2'],
])('helm for the track %s is %s', (track, version) => {
  const cluster = file('{ user: anna }', `microk8s: { channel: ${track}/stable }\n`);
  const spec = resources(cluster).find(({ id }) => id === 'devbox/helm@desk')?.spec;
  expect(spec).toMatchObject({ tool: 'helm', version, programs: ['helm'] });
});

describe('what follows a change of the settings of Docker', () => {
  /** Runs it where systemctl answers two questions with these, and gives what else was called. */
  function follow(name: string, { hasUnit, isActive }: { hasUnit: boolean; isActive: boolean }) {
    const member = file('{ host: rig1, docker: {} }', 'storage: { registry: {} }\n');
    const found = resources(member).find(({ id }) => id === `devbox/${name}@rig1`);
    const spec = found?.spec as unknown as { afterwards: { run: { bash: string } } } | undefined;
    const dir = mkdtempSync(join(tmpdir(), 'mlk8s-docker-'));
    const program = (of: string, body: string) =>
      writeFileSync(join(dir, of), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    program(
      'systemctl',
      `case $1 in cat) ${hasUnit} ;; is-active) ${isActive} ;; *) echo "$*" >>${dir}/called ;; esac`,
    );
    program('iptables', `echo "iptables $*" >>${dir}/called`);
    writeFileSync(join(dir, 'called'), '');
    const env = { PATH: `${dir}:/usr/bin:/bin` };
    const { status } = spawnSync('bash', ['-euo', 'pipefail'], { input: spec?.afterwards.run.bash ?? 'exit 9', env });
    const called = readFileSync(join(dir, 'called'), 'utf8');
    rmSync(dir, { recursive: true });
    return { status, called };
  }

  it('is told to the unit, where there is one', () => {
    const called = 'try-reload-or-restart docker.service\n';
    expect(follow('docker-registry', { hasUnit: true, isActive: true })).toEqual({ status: 0, called });
    expect(follow('docker-registry', { hasUnit: false, isActive: false })).toEqual({ status: 0, called: '' });
  });

  it('lets pods through at once beside a Docker that runs already', () => {
    const called = 'daemon-reload\n';
    expect(follow('docker-forward', { hasUnit: false, isActive: false })).toEqual({ status: 0, called });
    const both = `${called}iptables -P FORWARD ACCEPT\n`;
    expect(follow('docker-forward', { hasUnit: true, isActive: true })).toEqual({ status: 0, called: both });
  });
});

test('every archive and release file says where its key or checksum is published', () => {
  for (const { documented, fingerprints } of Object.values(allSources())) {
    expect(documented).toMatch(/\w\/\w/);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  }
  const sums = Object.values(allReleases()).flatMap(({ files }) => Object.values(files).map(({ sha256 }) => sha256));
  expect(new Set(sums).size).toBe(sums.length);
});
