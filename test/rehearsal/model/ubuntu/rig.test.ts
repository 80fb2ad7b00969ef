import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRehearsal } from '../../../../src/rehearsal/client.ts';
import { RehearsalServer } from '../../../../src/rehearsal/host-process.ts';
import { model } from '../../../../src/rehearsal/model/index.ts';
import type { Hosts } from '../../../../src/transport/host.ts';
import { runOn, toyFile } from '../../toy.ts';

const before = process.env.XDG_STATE_HOME;
const state = mkdtempSync(join(tmpdir(), 'mlk8s-test-'));
let server: RehearsalServer;
let hosts: Hosts;

beforeAll(async () => {
  process.env.XDG_STATE_HOME = state;
  const dir = join(state, 'mlk8s', 'rehearsal', 'toy');
  server = await RehearsalServer.start({ dir, cluster: 'toy', model, scale: 200, idleMs: 600_000 });
  hosts = await openRehearsal(toyFile([{ name: 'rig1', address: '10.0.0.11' }]));
});

afterAll(async () => {
  await hosts.close();
  await server.stop();
  rmSync(state, { recursive: true, force: true });
  if (before === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before;
});

const run = (script: string) => runOn(hosts.node('rig1'), script);

describe('the model in a simulated machine', () => {
  it('brings programs with packages and snaps', async () => {
    const { stdout } = await run(`
      command -v mount.nfs4 microk8s /snap/bin/kubectl
      apt-get install -y nfs-common >/dev/null && snap install microk8s --classic >/dev/null
      snap alias microk8s.kubectl kubectl >/dev/null
      command -v mount.nfs4 microk8s /snap/bin/kubectl
      apt-get purge -y nfs-common >/dev/null && snap remove --purge microk8s >/dev/null
      hash -r; command -v mount.nfs4 microk8s /snap/bin/kubectl
    `);
    expect(stdout).toBe('/usr/local/bin/mount.nfs4\n/snap/bin/microk8s\n/snap/bin/kubectl\n');
  });

  it('runs transient units that outlive their caller, each name once', async () => {
    const work = 'until [ -e /var/tmp/go ]; do sleep 1; done; echo done >/var/tmp/job';
    const start = `systemd-run --quiet --collect --unit=job bash -c '${work}'`;
    const first = await run(`${start}; ${start}; systemctl is-active job`);
    expect(first.stdout).toBe('active\n');
    expect(first.stderr).toContain('Unit job.service was already loaded or has a fragment file.\n');
    const end = 'touch /var/tmp/go; while systemctl is-active --quiet job; do sleep 1; done';
    expect((await run(`${end}; systemctl is-active job; cat /var/tmp/job`)).stdout).toBe('inactive\ndone\n');
  });

  it('stops a transient unit with everything that it started', async () => {
    const { stdout } = await run(`
      systemd-run --quiet --unit=long bash -c 'trap "echo hit >/var/tmp/long; exit" TERM; sleep 100000 & wait'
      sleep 20; systemctl stop long; systemctl is-active long; cat /var/tmp/long
    `);
    expect(stdout).toBe('inactive\nhit\n');
  });

  it('writes the output of a unit where its properties want it', async () => {
    const unit = 'systemd-run --quiet --wait -p StandardOutput=append:/var/tmp/out -p WorkingDirectory=/etc';
    expect(
      (await run(`${unit} bash -c 'pwd; echo $A'; ${unit} -E A=1 bash -c 'echo $A'; cat /var/tmp/out`)).stdout,
    ).toBe('/etc\n\n1\n');
  });

  it('names the machine', async () => {
    expect((await run('hostname; hostnamectl set-hostname rig1; hostname; cat /etc/hostname')).stdout).toBe(
      'ubuntu\nrig1\nrig1\n',
    );
  });
});
