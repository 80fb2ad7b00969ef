import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Run, User } from '../../acceptance/user.ts';
import { ProcWatch } from '../proc.ts';

const PASSWORD = 'cAnArY-0f-sud0';
const FILE = `name: home
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102 }
`;

/** All regular files below a folder with their bytes. */
function files(folder: string): { path: string; text: string; mode: number }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => {
      const path = join(it.parentPath, it.name);
      return { path: relative(folder, path), text: readFileSync(path, 'latin1'), mode: statSync(path).mode & 0o777 };
    });
}

describe('an up', () => {
  const user = new User();
  const seen = new ProcWatch(PASSWORD);
  let run: Run;
  let tokens: string[] = [];
  const state = () => join(user.home, '.local/state/mlk8s');

  beforeAll(async () => {
    user.file(FILE);
    user.env.MLK8S_SUDO_PASSWORD = PASSWORD;
    run = await seen.during(user.start('up', '--rehearse', '--yes', '--json').end);
    const joins = [...seen.argv].flatMap((it) => /microk8s(?:\.join)? join \S+?:25000\/(\w{16,})/.exec(it)?.[1] ?? []);
    tokens = [...new Set(joins)];
  });
  afterAll(() => user.leave());

  it('came to its end, and was watched', () => {
    expect(run.code, run.stderr).toBe(0);
    expect(seen.rounds).toBeGreaterThan(50);
    expect([...seen.argv].some((it) => it.includes('bin/mlk8s.js up'))).toBe(true);
  });

  it('shows the password of sudo to nobody: no output, no file, no argument, no environment but its own', () => {
    expect(run.stdout + run.stderr).not.toContain(PASSWORD);
    expect(
      files(user.home)
        .filter(({ text }) => text.includes(PASSWORD))
        .map(({ path }) => path),
    ).toEqual([]);
    expect([...seen.argv].filter((it) => it.includes(PASSWORD))).toEqual([]);
    for (const argv of seen.environments) expect(argv).toContain('bin/mlk8s.js up');
  });

  it('shows the token of a join only as the argument of that join, and keeps it nowhere', () => {
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) {
      expect(run.stdout + run.stderr).not.toContain(token);
      for (const argv of seen.argv) if (argv.includes(token)) expect(argv).toMatch(/microk8s(\.join)? join /);
      const found = files(state())
        .filter(({ text }) => text.includes(token))
        .map(({ path }) => path);
      // What MicroK8s itself keeps of it, and the model, which stands for the machines.
      expect(
        found.filter((path) => !/\/(world\.json|rigs\/rig1\/root\/var\/snap\/microk8s\/.*)$/.test(`/${path}`)),
      ).toEqual([]);
    }
  });

  it('gives the key of the cluster to the kubeconfig only, which nobody else may read', () => {
    const rigs = join(state(), 'rehearsal/home/rigs');
    const config = join(rigs, 'workstation/root/home/lab/.kube/config');
    const text = readFileSync(config, 'utf8');
    expect(statSync(config).mode & 0o777).toBe(0o600);
    const keys = [...text.matchAll(/(?:client-key-data|token): (\S{8,})/g)].map((match) => match[1] as string);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(run.stdout + run.stderr).not.toContain(key);
      const found = files(state())
        .filter((it) => it.text.includes(key))
        .map(({ path }) => path);
      const elsewhere = found.filter((path) => !/(\.kube\/config|world\.json)$|\/var\/snap\/microk8s\//.test(path));
      expect(elsewhere).toEqual([]);
      for (const argv of seen.argv) expect(argv).not.toContain(key);
    }
  });

  it('leaves what it keeps on the machines to root, and on the workstation to the user', async () => {
    const modes = await user.exec(
      'rig1',
      "stat -c '%a %U %n' /var/lib/mlk8s /var/lib/mlk8s/{jobs,inventory,debts} /run/mlk8s; ls /run/mlk8s | wc -l",
    );
    const lines = modes.trim().split('\n');
    expect(lines.slice(0, -1).filter((it) => !it.startsWith('700 root '))).toEqual([]);
    expect(lines.at(-1)).toBe('0');
    const open = await user.exec('rig1', 'find /var/lib/mlk8s/inventory /var/lib/mlk8s/jobs -perm /077 -type d');
    expect(open).toBe('');
    const journals = files(state()).filter(({ path }) => path.includes('/journal/'));
    expect(journals.map(({ mode }) => mode)).toEqual([0o600]);
    expect(statSync(state()).mode & 0o777).toBe(0o700);
  });
});
