import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Typed, terminalPicture } from '../docs/terminal-picture.ts';
import { User, until } from './user.ts';

const FILE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
storage: {}
monitoring:
  alerts:
    email: { to: me@example.org, from: lab@example.org, server: smtp.example.org:587, user: me, password: env:SMTP }
    telegram: { chat: -1001234567890, token: file:bot }
    ntfy: { url: https://ntfy.sh/my-lab }
    webhook: { url: env:HOOK }
`;

const user = new User();
afterAll(() => user.leave());

/** Every file below mlk8s' own folder that a run writes on the workstation, as one text. */
function journals(): string {
  const state = join(user.home, '.local', 'state', 'mlk8s');
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((it) =>
    it.name.endsWith('.ndjson'),
  );
  return files.map((it) => readFileSync(join(it.parentPath, it.name), 'utf8')).join('');
}

/** What a command prints; one that goes on is ended. What is another one each time is made the same. */
async function shown(...args: string[]): Promise<Typed> {
  const { child, end } = user.start(...args);
  if (args[0] === 'open') child.stdout?.once('data', () => child.kill('SIGINT'));
  const { stdout, stderr } = await end;
  const printed = (stderr + stdout)
    .replace(/Mlk8sTest-\w{6}/g, 'Mlk8sTest-5992ed')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:40123')
    .replace(/\b[A-Za-z0-9]{32}\b/g, 'x'.repeat(32));
  return { command: `mlk8s ${args.join(' ')}`, printed };
}

describe('what runs in the cluster', () => {
  beforeAll(async () => {
    user.file(FILE);
    expect(await user.up()).toMatchObject({ code: 0, problems: [] });
  }, 240_000);

  const passwords = async () => {
    const { code, stdout } = await user.run('credentials', '--rehearse', '--json');
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { credentials: Record<string, string>[] }).credentials;
  };

  it('says its names and passwords, and keeps them out of every journal', async () => {
    const [grafana] = await passwords();
    expect(grafana).toMatchObject({
      name: 'grafana',
      user: 'admin',
      password: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
    });
    const { stdout } = await user.run('credentials', 'grafana', '--rehearse');
    expect(stdout).toMatch(/^NAME +ADDRESS +USER +PASSWORD\ngrafana +(npx )?mlk8s open --rehearse grafana +admin +/);
    expect(stdout).toContain(grafana?.password);
    expect(journals()).toContain('"command":"up"');
    expect(journals()).not.toContain(grafana?.password);
    await user.up();
    expect((await passwords())[0]?.password).toBe(grafana?.password);
  });

  it('says so when the Secret is gone', async () => {
    await user.exec('rig1', 'microk8s kubectl get secret grafana-admin -n observability -o json >/tmp/kept');
    await user.exec('rig1', 'microk8s kubectl delete secret grafana-admin -n observability');
    const { code, stdout } = await user.run('credentials', '--rehearse');
    expect(code).toBe(1);
    expect(stdout).toContain('not there (Secret observability/grafana-admin)');
    await user.exec('rig1', 'microk8s kubectl create -f /tmp/kept');
  });

  it('is opened through SSH until Ctrl-C', async () => {
    const { child, end } = user.start('open', 'grafana', '--rehearse', '--no-browser');
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('Ctrl-C'));
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0] ?? '';
    expect(out).toMatch(/user admin; its password: (npx )?mlk8s credentials --rehearse grafana/);
    const pages = await Promise.all([fetch(address), fetch(`${address}/login`)]);
    for (const page of pages) expect(await page.text()).toContain('observability/kube-prom-stack-grafana');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
    await expect(fetch(address)).rejects.toThrow();
  });

  it('looks as docs/services.svg shows it', async () => {
    user.env.NO_COLOR = '';
    user.env.FORCE_COLOR = '1';
    const typed = [
      await shown('open', '--rehearse', 'grafana', '--no-browser'),
      await shown('credentials', '--rehearse'),
      await shown('alert', 'test', '--rehearse', '--fault', 'rig1:alertfails:telegram'),
    ];
    user.env.NO_COLOR = '1';
    user.env.FORCE_COLOR = '0';
    // What a rehearsal says of itself is shown once.
    const once = typed.map((it, i) =>
      i === 0 ? it : { ...it, printed: it.printed.replace(/^.*Rehearsal: .*\n/, '') },
    );
    const picture = terminalPicture('mlk8s open, credentials and alert test in a rehearsal', once);
    await expect(picture).toMatchFileSnapshot('../../docs/services.svg');
  });

  it('names what can be opened, and why something cannot', async () => {
    const wrong = await user.run('open', 'grafna', '--rehearse');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('did you mean service grafana?')]);
    await user.exec('rig1', 'microk8s kubectl delete service kube-prom-stack-grafana -n observability');
    const gone = await user.run('open', 'grafana', '--rehearse', '--no-browser');
    expect([gone.code, gone.stderr]).toEqual([
      1,
      expect.stringContaining('there is no Service observability/kube-prom'),
    ]);
  });

  it('tells people of alerts, everywhere', async () => {
    const { code, stdout, stderr } = await user.run('alert', 'test', '--rehearse');
    expect(stdout.match(/^.* (email|telegram|ntfy and webhook): Alertmanager sent it$/gm)).toHaveLength(3);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/sent Mlk8sTest-[0-9a-f]{6} to Alertmanager/)]);
  });

  it.each([
    ['telegram', 'telegram', 'telegram: Bad Request: chat not found (400)'],
    ['ntfy', 'ntfy and webhook', 'ntfy: unexpected status code 403: https://ntfy.example/…'],
    ['webhook', 'ntfy and webhook', 'webhook: unexpected status code 403: https://hook.example/…'],
  ])('names %s, which refuses an alert', async (fault, receiver, error) => {
    const args = ['--rehearse', '--json', '--fault', `rig1:alertfails:${fault}`];
    const { code, stdout } = await user.run('alert', 'test', ...args);
    const { deliveries } = JSON.parse(stdout) as { deliveries: { receiver: string; result: string }[] };
    expect(code).toBe(1);
    expect(deliveries.filter(({ result }) => result !== 'sent')).toEqual([{ receiver, result: 'failed', error }]);
    expect(deliveries).toHaveLength(3);
  });

  it('refuses a fault of a way that there is not', async () => {
    const { code, stderr } = await user.run('alert', 'test', '--rehearse', '--fault', 'rig1:alertfails:smoke');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/knows no "smoke"[\s\S]*email telegram ntfy webhook/)]);
  });

  it('says that a silence holds an alert back', async () => {
    const { child, end } = user.start('open', 'alertmanager', '--rehearse', '--no-browser');
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('Ctrl-C'));
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0] ?? '';
    const matchers = [{ name: 'alertname', value: 'Mlk8sTest-.*', isRegex: true }];
    const { status } = await fetch(`${address}/api/v2/silences`, {
      method: 'POST',
      body: JSON.stringify({ matchers }),
    });
    child.kill('SIGINT');
    expect([status, (await end).code]).toEqual([200, 0]);
    const { code, stdout } = await user.run('alert', 'test', '--rehearse');
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('telegram: Alertmanager did not try it in two minutes: a silence'),
    ]);
  });
});

it('without a cluster says what to type', async () => {
  const other = new User();
  try {
    other.file(FILE);
    for (const words of [['credentials'], ['open', 'grafana'], ['alert', 'test']]) {
      const { code, stderr } = await other.run(...words, '--rehearse');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/there is no cluster yet[\s\S]*mlk8s up/)]);
    }
  } finally {
    await other.leave();
  }
});
