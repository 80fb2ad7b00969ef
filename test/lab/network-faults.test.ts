import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../acceptance/user.ts';
import { Lab } from './lab.ts';
import { Line } from './line.ts';
import type { LabMachine } from './machine.ts';
import { Operator } from './operator.ts';

/** Only the node step: what the network does to a run does not depend on what the run is about. */
const ONLY = ['--only', 'node'];

describe('a bad network in front of real machines', () => {
  let lab: Lab;
  const lines: Line[] = [];
  const operators: Operator[] = [];

  beforeAll(async () => {
    lab = await Lab.up(0);
  });
  afterEach(() => {
    for (const line of lines.splice(0)) line.close();
  });
  afterAll(async () => {
    await lab?.down();
    await Promise.all(operators.map((it) => it.leave()));
  });

  /** A fresh machine, a person who knows it by a cluster file, and a line between them. */
  const meet = async (delayMs = 0): Promise<{ machine: LabMachine; operator: Operator; line: Line }> => {
    const machine = await lab.add();
    const line = await Line.to(machine, delayMs);
    lines.push(line);
    const operator = new Operator();
    operators.push(operator);
    operator.file(lab.clusterFile(1, [machine]).replace('ssh: { ', `ssh: { port: ${line.port}, `));
    return { machine, operator, line };
  };

  /** Starts up and waits until it has said `moment`. */
  const upTo = async (operator: Operator, moment: string) => {
    const { child, end } = operator.start('up', '--yes', '--json', ...ONLY);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const run = { end, said: (text: string) => until(() => child.exitCode !== null || said.includes(text)) };
    await run.said(moment);
    return run;
  };

  it('works over a slow link: 100 ms each way', async () => {
    const { operator } = await meet(100);
    expect((await operator.up(...ONLY)).code).toBe(0);
    expect((await operator.up(...ONLY)).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it('goes on by itself after the connection was reset in the middle of a job', async () => {
    const { machine, operator, line } = await meet();
    // There is time: another program holds apt's lock.
    await machine.root(HOLD_APT);
    const run = await upTo(operator, 'Waiting for cache lock');
    await line.cut();
    await machine.root(RELEASE_APT);
    expect((await run.end).summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    expect((await operator.up(...ONLY)).summary).toMatchObject({ exitCode: 0, changes: 0 });
    expect(await machine.root('ls /var/lib/mlk8s/jobs/*/exit | wc -l; ls -d /var/lib/mlk8s/jobs/* | wc -l')).toMatch(
      /^(\d+)\n\1\n$/,
    );
  });

  it('notices a link that freezes without closing, says so, and goes on when it thaws', async () => {
    const { machine, operator, line } = await meet();
    await machine.root(HOLD_APT);
    const run = await upTo(operator, 'Waiting for cache lock');
    await line.freeze();
    await run.said('it is tried again for 3 minutes');
    await line.thaw();
    await machine.root(RELEASE_APT);
    expect((await run.end).summary).toMatchObject({ exitCode: 0, failed: 0, dropped: [] });
    expect((await operator.up(...ONLY)).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it('says that the connection is lost when the server ends it after every single command', async () => {
    const { machine, operator } = await meet();
    await machine.root(DROP_AFTER(1));
    const { code, stdout } = await operator.up(...ONLY);
    expect(code).toBe(1);
    expect(stdout).toContain('connection');
    expect(await machine.root('ls /var/lib/mlk8s/jobs 2>/dev/null | wc -l')).toBe('0\n');
  });

  it.each([2, 3])('makes headway with a server that drops every connection after %i commands', async (commands) => {
    const { machine, operator } = await meet();
    await machine.root(DROP_AFTER(commands));
    const results: number[] = [];
    while (results.at(-1) !== 0 && results.length < 10) results.push((await operator.up(...ONLY)).code ?? -1);
    expect(results.at(-1)).toBe(0);
    expect((await operator.up(...ONLY)).summary).toMatchObject({ exitCode: 0, changes: 0 });
  });

  it('refuses a machine whose host key has changed, with both fingerprints, and sends it nothing', async () => {
    const { machine, operator } = await meet();
    const before = machine.fingerprint;
    await machine.root(
      'rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh',
    );
    const { code, stdout, summary } = await operator.up(...ONLY);
    expect(code).not.toBe(0);
    expect(summary.dropped).toEqual([machine.name]);
    expect(stdout).toContain(before);
    const shown = [...stdout.matchAll(/SHA256:[A-Za-z0-9+/]{43}/g)].map(([it]) => it);
    expect(new Set(shown).size).toBe(2);
  });
});

/** As another package manager would: a lock by fcntl, until somebody says so. */
const HOLD_APT = `systemd-run -q --unit=hold-apt perl -e '
  use Fcntl;
  open my $fh, ">", "/var/lib/dpkg/lock-frontend" or die;
  my $lock = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
  fcntl($fh, F_SETLKW, $lock) or die;
  open my $held, ">", "/run/held" or die;
  sleep 600'
timeout 60 sh -c "until [ -e /run/held ]; do sleep 0.05; done"`;
const RELEASE_APT = 'systemctl stop hold-apt';

/** sshd starts every command through a program that counts those of its connection, and ends the connection. */
const DROP_AFTER = (commands: number) => `cat >/usr/local/bin/drop-after <<'END'
#!/bin/bash
count=/run/drop-after.$PPID
echo >>$count
if [ "$(wc -l <$count)" -gt ${commands} ]; then kill -9 $PPID; fi
exec bash -c "$SSH_ORIGINAL_COMMAND"
END
chmod 755 /usr/local/bin/drop-after
chmod 1777 /run
printf 'Match User lab\\n  ForceCommand /usr/local/bin/drop-after\\n' >/etc/ssh/sshd_config.d/drop.conf
systemctl reload ssh`;
