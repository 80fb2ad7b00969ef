import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { User } from './user.ts';

const FILE = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
network: {}
storage: {}
monitoring: { sizeGi: 10, pushgateway: false }
`;

const SERVED =
  'https://grafana.lab, https://prometheus.lab, https://alertmanager.lab: served, signed by the authority of the cluster';

describe('names of a cluster with monitoring', () => {
  const user = new User();
  beforeAll(async () => {
    user.file(FILE);
    expect(await user.up()).toMatchObject({ code: 0, problems: [] });
  }, 300_000);
  afterAll(() => user.leave());

  const kubectl = (words: string) => user.exec('rig1', `microk8s kubectl ${words}`);
  /** What `plan` says of the names. */
  const said = async () => {
    const plan = await user.run('plan', '--rehearse', '--json');
    return planOf(plan).find(({ id }) => id === 'network/served@cluster')?.because;
  };

  it('are served with certificates of its authority', async () => {
    expect(await said()).toBe(SERVED);
  });

  it('are missed by name when another authority signed, and when nobody is behind one', async () => {
    const forged = Buffer.from('-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n').toString('base64');
    await kubectl(
      `-n observability patch secret grafana-tls --type merge -p '${JSON.stringify({ data: { 'ca.crt': forged } })}'`,
    );
    expect(await said()).toBe('https://grafana.lab: its certificate is not signed by the authority of the cluster');
    await kubectl('-n observability delete secret grafana-tls');
    const choose = (app: string | null) =>
      kubectl(
        `-n observability patch service kube-prom-stack-grafana --type merge -p '${JSON.stringify({ spec: { selector: { nobody: app } } })}'`,
      );
    await choose('here');
    expect(await said()).toBe('https://grafana.lab: nobody answers behind the name (503)');
    await choose(null);
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, failed: 0 });
    expect(await said()).toBe(SERVED);
  });
});
