import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Step } from '../../src/engine/types.ts';
import { steps } from '../../src/steps/index.ts';
import { ALL_TOOLS, devboxBreaks, devboxUnbroken } from './devbox-breaks.ts';
import { nameOf, namesOf, open, planOf } from './plan.ts';
import { User } from './user.ts';

const LAB = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
storage: { registry: {} }
network: {}
`;
const BOX = `${LAB}devbox:
  host: anna@10.0.0.50
${ALL_TOOLS}`;

/** Packages are never removed, and neither is what they brought. */
const OF_PACKAGES = /^\/etc\/(xrdp|iscsi)\//;

describe('a devbox that is no member of the cluster', () => {
  const user = new User();
  let before = '';
  /** Files of root's and of the user's that may be changed, with their contents. */
  const files = () =>
    user.exec(
      'devbox',
      'find /etc /home /opt /usr/local -type f ! -path "/usr/local/sbin/*" ! -name "*passwd*" ! -name "*group*" ! -name "*shadow*" -print0 | sort -z | xargs -0 /usr/bin/sha256sum',
    );
  beforeAll(async () => {
    user.file(
      BOX.replace(/devbox:[\s\S]*/, 'devbox: { host: anna@10.0.0.50, kubectl: false, helm: false, k9s: false }\n'),
    );
    await user.run('plan', '--rehearse', '--json');
    before = await files();
    user.file(BOX);
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
  });
  afterAll(() => user.leave());

  it('has nothing to do the second time, with one exec per machine', async () => {
    const { summary } = await user.up();
    expect(summary).toMatchObject({ exitCode: 0, changes: 0, applied: 0, execs: { rig1: 1, devbox: 1 } });
  });

  it('is no member, and has what was asked for', async () => {
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toBe('node/rig1\n');
    const found = await user.exec('devbox', 'type -P kubectl helm k9s headlamp docker gh git-lfs code uv');
    expect(found.trim().split('\n')).toHaveLength(9);
    expect(await user.exec('devbox', 'cat /etc/docker/daemon.json')).toContain('registry.local:32000');
    expect(await user.exec('devbox', 'getent hosts registry.local')).toMatch(/^10\.0\.0\.101 /);
    expect(await user.exec('devbox', 'cat /home/anna/.kube/config')).toContain('https://10.0.0.101:16443');
    expect((await user.exec('devbox', 'ls /etc/apt/sources.list.d')).split('\n')).not.toContain('vscode.sources');
  });

  it('has a break for each resource, or a reason why not', () => {
    const step = steps.find(({ name }) => name === 'devbox') as Step;
    const broken = [...Object.keys(devboxBreaks), ...Object.keys(devboxUnbroken)];
    expect(namesOf(step, BOX)).toEqual(broken.toSorted());
  });

  it('names exactly what is broken, and up mends it', async () => {
    const scripts = Object.values(devboxBreaks).map((script) => `(set -e; ${script})`);
    await user.exec('devbox', `set -e\n${scripts.join('\n')}`);
    const found = open(await user.run('plan', '--rehearse', '--json')).map(({ id }) => nameOf(id));
    expect(found.toSorted()).toEqual(Object.keys(devboxBreaks).toSorted());
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems, summary.applied]).toEqual([0, [], found.length]);
  });

  it('loses what left the file, and is given back as it was', async () => {
    user.file(BOX.replace(/ {2}(gh|dbeaver|uv|headlamp): true\n/g, ''));
    expect((await user.up('--prune')).summary.exitCode).toBe(0);
    const gone = await user.exec('devbox', 'type -P headlamp dbeaver-ce uv; ls /etc/apt/keyrings; true');
    expect(gone).toBe('mlk8s-docker.gpg\nmlk8s-vscode.gpg\n');
    const { summary, problems } = await user.run(
      'reset',
      '--rehearse',
      '--json',
      '--confirm',
      'lab',
      '--host',
      'devbox',
    );
    expect([summary.exitCode, problems]).toEqual([0, []]);
    const after = (await files()).split('\n');
    expect(before.split('\n').filter((line) => !after.includes(line))).toEqual([]);
    const more = after
      .map((line) => line.slice(66))
      .filter((path) => !before.includes(path) && !OF_PACKAGES.test(path));
    // What somebody else wrote into the first two while things were broken is theirs; the last one is VS Code's own.
    const others = ['/etc/docker/daemon.json', '/home/anna/.kube/config'];
    expect(more).toEqual([...others, '/home/anna/.vscode/extensions/extensions.json']);
    expect(JSON.parse(await user.exec('devbox', 'cat /etc/docker/daemon.json'))).toEqual({ 'log-driver': 'local' });
    expect(await user.exec('devbox', 'cat /home/anna/.kube/config')).not.toMatch(/: lab/);
    expect(await user.exec('devbox', 'systemctl is-active xrdp.service; systemctl is-enabled xrdp.service; true')).toBe(
      'inactive\ndisabled\n',
    );
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toBe('node/rig1\n');
  });
});

describe('a devbox that leaves the file', () => {
  const user = new User();
  const box = (host: string) =>
    `${LAB}devbox: { host: ${host}, user: anna, kubectl: false, helm: false, k9s: false }\n`;
  const warning = (run: { stdout: string }) => /[^"]*still there[^"]*/.exec(run.stdout)?.[0];
  beforeAll(async () => {
    user.file(box('anna@10.0.0.50'));
    expect((await user.up()).summary.exitCode).toBe(0);
  });
  afterAll(() => user.leave());

  it.each([
    ['another one comes instead', box('workstation')],
    ['none does', LAB],
  ])('is named when %s', async (_, text) => {
    user.file(text);
    expect(warning(await user.run('plan', '--rehearse', '--json'))).toContain('devbox/anna-at-10.0.0.50@devbox');
    const found = planOf(await user.run('plan', '--rehearse', '--json', '--prune'));
    const because = found.find(({ id }) => id === 'devbox/anna-at-10.0.0.50@devbox')?.because;
    expect(because).toContain('a kubeconfig that may do everything in lab');
    expect(because).toContain('devbox: { host: anna@10.0.0.50, user: anna }');
  });

  it('is forgotten once it was taken back', async () => {
    user.file(box('anna@10.0.0.50'));
    const reset = ['--json', '--confirm', 'lab', '--host', 'devbox'];
    expect((await user.run('reset', '--rehearse', ...reset)).summary.exitCode).toBe(0);
    user.file(LAB);
    const plan = await user.run('plan', '--rehearse', '--json');
    expect([plan.summary.changes, warning(plan)]).toEqual([0, undefined]);
  });
});

describe('a devbox that has tools of its own', () => {
  const user = new User();
  beforeAll(async () => {
    user.file(`${LAB}devbox: { host: anna@10.0.0.50, gh: true, docker: {} }\n`);
    await user.run('plan', '--rehearse', '--json');
    await user.exec('devbox', 'printf "#!/bin/sh\\n" >/usr/local/bin/kubectl && chmod 755 /usr/local/bin/kubectl');
    await user.exec('devbox', 'mkdir -p /home/anna/.local/bin && cp /usr/local/bin/kubectl /home/anna/.local/bin/gh');
    await user.exec('devbox', 'apt-get install -y docker.io && echo "{}" >/etc/docker.note');
  });
  afterAll(() => user.leave());

  it('keeps them, and says so', async () => {
    const run = await user.up();
    expect([run.summary.exitCode, run.problems]).toEqual([0, []]);
    const plan = await user.run('status', '--rehearse', '--json');
    const because = (id: string) => planOf(plan).find((item) => item.id === id)?.because;
    expect(because('devbox/kubectl@devbox')).toBe('kubectl was there before mlk8s: /usr/local/bin/kubectl');
    expect(because('devbox/gh@devbox')).toBe('gh was there before mlk8s: /home/anna/.local/bin/gh');
    expect(because('devbox/docker@devbox')).toMatch(/^docker was there before mlk8s: /);
    expect(await user.exec('devbox', 'ls /etc/apt/sources.list.d')).toBe('ubuntu.sources\n');
  });
});

describe('an archive that hands out another key', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is named with the cause, nothing of it is trusted, and the cluster comes all the same', async () => {
    user.file(`${LAB}devbox: { host: anna@10.0.0.50, gh: true }\n`);
    const { summary, problems, stdout } = await user.up('--fault', 'devbox:otherkey');
    expect(summary.exitCode).toBe(1);
    expect(problems).toContain('devbox/gh-source@devbox: the command ended with status 1');
    expect(stdout).toContain('somebody between the machine and the archive handed out another one');
    expect(await user.exec('devbox', 'ls /etc/apt/sources.list.d')).toBe('ubuntu.sources\n');
    expect(await user.exec('rig1', 'microk8s kubectl get nodes -o name')).toBe('node/rig1\n');
  });
});

describe('the workstation as a devbox', () => {
  const user = new User();
  afterAll(() => user.leave());

  it('is changed as root where that is needed, beside the shell of the user', async () => {
    user.file(`${LAB}devbox: { user: anna, docker: {} }\n`);
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
    expect(await user.exec('workstation', 'cat /etc/hosts')).toContain('10.0.0.101 rig1');
    expect(await user.exec('workstation', 'cat /home/anna/.kube/config')).toContain('name: lab');
    expect((await user.up()).summary).toMatchObject({ changes: 0, execs: { rig1: 1, devbox: 1 } });
    expect(await user.exec('devbox', 'cat /etc/hosts')).toContain('10.0.0.101 rig1');
    expect((await user.up('--fault', 'devbox:slow')).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });
});
