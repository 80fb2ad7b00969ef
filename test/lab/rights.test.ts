import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabMachine } from './machine.ts';
import { PASSWORD } from './places.ts';
import { finishes, Scene } from './scene.ts';

const ONLY_NODE = ['--only', 'node'];

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.set();
});
afterAll(() => scene?.clear());

/** What sudo and PAM noted of passwords that they did not take. */
async function failedAttempts(machine: LabMachine): Promise<string[]> {
  const log = await machine.root('journalctl --quiet --output=cat _COMM=sudo');
  return log.split('\n').filter((line) => /incorrect password|authentication failure/.test(line));
}

/** Files below some folders, and lines of the journal, that hold the password. */
function leaks(machine: LabMachine): Promise<string> {
  return machine.root(`
    cat >/dev/shm/word <<'END'
${PASSWORD}
END
    grep -rlF -f /dev/shm/word /etc /home /root /run /tmp /var/lib /var/log
    journalctl --quiet --output=cat | grep -F -f /dev/shm/word
    rm /dev/shm/word
  `);
}

const wrote = (machine: LabMachine) => machine.ssh('ls /etc/apt/apt.conf.d/52mlk8s');

describe('sudo that wants a password', () => {
  it.concurrent('takes the right one from the environment, and a wrong one costs one failed attempt', async () => {
    const machine = await scene.lab.add({ sudo: 'password' });
    const operator = scene.operator(machine);
    const { name, address } = machine;

    const without = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(without.code, without.stdout).toBe(1);
    expect(without.stdout).toContain(`dropped  ${name} (lab@${address})
    seen  sudo wants the password of lab, and none is known
    why   there is no terminal to ask on, or the question was not answered
    next  run mlk8s in a terminal, or put the password into the environment variable MLK8S_SUDO_PASSWORD`);
    expect(await failedAttempts(machine)).toEqual([]);

    operator.env.MLK8S_SUDO_PASSWORD = `${PASSWORD}!`;
    const wrong = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(wrong.code, wrong.stdout).toBe(1);
    expect(wrong.stdout).toContain(`dropped  ${name} (lab@${address})
    seen  sudo did not accept the password of lab: sudo: 1 incorrect password attempt
    why   it was mistyped, or this machine has another password than the others
    next  try it: log in there and type sudo -k true`);
    expect(await failedAttempts(machine)).toEqual([
      expect.stringContaining('authentication failure'),
      expect.stringContaining('1 incorrect password attempt'),
    ]);

    operator.env.MLK8S_SUDO_PASSWORD = PASSWORD;
    await finishes(operator, ...ONLY_NODE);
    expect(await failedAttempts(machine)).toHaveLength(2);
    expect(await leaks(machine)).toBe('');
    expect((await operator.run('logs', '--last', '1')).stdout).not.toContain(PASSWORD);
  });
});

describe('a user who may not use sudo', () => {
  it.concurrent('is named, and the other machines are done; once allowed, up goes on', async () => {
    const [good, bad] = [await scene.lab.add(), await scene.lab.add({ sudo: 'none' })];
    const operator = scene.operator(good, bad);
    operator.env.MLK8S_SUDO_PASSWORD = PASSWORD;
    const run = await operator.run('up', '--yes', ...ONLY_NODE);
    expect(run.code, run.stdout).toBe(4);
    expect(run.stdout).toContain(`dropped  ${bad.name} (lab@${bad.address})
    seen  sudo refuses lab: lab is not in the sudoers file.
    why   the user may not become root on that machine
    next  on that machine, as a user who may: sudo usermod -aG sudo lab`);
    expect(run.stdout).toContain(`dropped out: ${bad.name}`);
    expect((await wrote(good)).code).toBe(0);
    expect((await wrote(bad)).code).not.toBe(0);
    await bad.root('usermod -aG sudo lab');
    await finishes(operator, ...ONLY_NODE);
  });
});

describe('add-node', () => {
  const add = ({ name, address }: LabMachine, ...args: string[]) => [
    ...`add-node lab@${address} --name ${name} --yes --accept-new-host-keys`.split(' '),
    ...args,
  ];

  it.concurrent('logs in with a password once, to put the key of the cluster file on the machine', async () => {
    const [first, fresh] = [await scene.lab.add(), await scene.lab.add({ takesKey: false })];
    const operator = scene.operator(first);
    const command = add(fresh, ...ONLY_NODE);
    const before = operator.readFile();

    const alone = await operator.run(...command);
    expect(alone.code, alone.stdout).toBe(1);
    expect(alone.stderr + alone.stdout).toContain('the login as lab was refused');
    const wrong = await operator.onTerminal({ 'Your password there': 'not this' }, ...command);
    expect(wrong.code, wrong.shown).toBe(1);
    expect(wrong.shown).toContain('the password of lab was not accepted');
    expect(operator.readFile()).toBe(before);

    const right = await operator.onTerminal({ 'Your password there': PASSWORD }, ...command);
    expect(right.code, right.shown).toBe(0);
    expect(right.shown).not.toContain(PASSWORD);
    expect(
      await fresh.root('stat -c "%a %U" ~lab/.ssh ~lab/.ssh/authorized_keys; wc -l <~lab/.ssh/authorized_keys'),
    ).toBe('700 lab\n600 lab\n1\n');
    expect((await wrote(fresh)).code).toBe(0);
    await finishes(operator, ...ONLY_NODE);
  });

  it.concurrent('joins a machine while another is off, which catches up when it is back', async () => {
    const machines = await Promise.all([scene.lab.add(), scene.lab.add(), scene.lab.add()]);
    const [plane, off, fresh] = machines as [LabMachine, LabMachine, LabMachine];
    const operator = scene.operator(plane, off);
    expect((await operator.up()).code).toBe(0);
    await off.powerCut();
    const run = await operator.run(...add(fresh));
    expect(run.code, run.stdout).toBe(4);
    const seen = `(${off.address} cannot be reached|no answer from ${off.address})`;
    expect(run.stdout).toMatch(new RegExp(`dropped {2}${off.name} .*\\n {4}seen {2}${seen}`));
    const nodes = () => plane.root('/snap/bin/microk8s kubectl get nodes --no-headers | sort');
    expect(await nodes()).toMatch(
      new RegExp(`^${plane.name} +Ready.*\\n${off.name} +NotReady.*\\n${fresh.name} +Ready`),
    );
    expect(operator.readFile()).toContain(`name: ${fresh.name}`);
    await off.switchOn();
    await finishes(operator);
    expect(await off.root('cat /etc/hosts')).toContain(`${fresh.address} ${fresh.name}`);
    expect(await nodes()).not.toContain('NotReady');
  });
});
