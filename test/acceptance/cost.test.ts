import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CostReport } from '../../src/cost/report.ts';
import { openIds } from './plan.ts';
import { type Run, User } from './user.ts';

const MACHINES = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane, labels: { mlk8s/role: gpu } }
storage: {}
`;
const WITH = `${MACHINES}monitoring: { pushgateway: false }
cost: { currency: USD, kilowattHour: 0.2, watts: { rig1: 90 } }
`;

function reportIn({ events }: Run): CostReport {
  const found = events.find(({ event }) => event === 'cost') as { report: CostReport } | undefined;
  if (!found) throw new Error(`there is no report in ${JSON.stringify(events)}`);
  return found.report;
}
const warnings = ({ events }: Run) => events.flatMap(({ event, text }) => (event === 'warning' ? [String(text)] : []));
const execs = ({ summary }: Run) => Object.values(summary.execs);

describe('what a cluster costs', () => {
  const user = new User();
  const cost = (...args: string[]) => user.run('cost', '--rehearse', '--json', ...args);
  beforeAll(() => user.file(MACHINES));
  afterAll(() => user.leave());

  it('is not known before there is one', async () => {
    const run = await cost();
    expect([run.code, run.problems]).toEqual([1, ['lab: there is no cluster to reckon']]);
  });

  it('is reckoned without OpenCost from what pods ask for, with one exec', async () => {
    expect((await user.up()).problems).toEqual([]);
    const run = await cost();
    const report = reportIn(run);
    expect([run.code, execs(run)]).toEqual([0, [1]]);
    expect(report).toMatchObject({ currency: 'EUR', basis: { from: 'requests' }, kilowattHour: 0.3, gaps: [] });
    expect(report.nodes).toMatchObject([{ name: 'rig1', draw: { from: ['table'] } }]);
    expect(report.total.cloud).toBeGreaterThan(report.total.home);
    expect(run.summary.notes).toEqual(['The cluster file has no section cost: 0.3 EUR for a kWh is a guess.']);
  });

  it('changes nothing, and is the same when it is asked again', async () => {
    const before = await user.dump();
    const [first, second] = [reportIn(await cost()), reportIn(await cost())];
    expect(second).toEqual(first);
    expect(await user.dump()).toBe(before);
  });

  it('is drawn', async () => {
    const run = await user.run('cost', '--rehearse', '--plot', 'cost.svg', '--by', 'namespace');
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('The picture is in cost.svg.')]);
    const svg = readFileSync(join(user.folder, 'cost.svg'), 'utf8');
    expect(svg).toContain('What lab costs in a month, in EUR');
    expect(svg).toContain('>kube-system</text>');
  });

  it('says where it cannot write the picture', async () => {
    const run = await user.run('cost', '--rehearse', '--plot', 'nowhere/cost.svg');
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('the file cannot be written')]);
  });

  it('is counted by OpenCost once it has figures', async () => {
    user.file(WITH);
    expect((await user.up()).problems).toEqual([]);
    // the clock of simulated machines
    await user.exec('rig1', 'sleep 240');
    const run = await cost();
    const report = reportIn(run);
    expect([run.code, execs(run), warnings(run)]).toEqual([0, [1], []]);
    expect(report.basis).toMatchObject({ from: 'opencost', hours: expect.any(Number) });
    expect(report.nodes[0]?.draw).toEqual({ watts: 90, from: ['file'], says: 'the cluster file' });
    expect(report.total.home).toBeCloseTo(0.09 * 730 * 0.2, 2);
    expect(report.namespaces.map(({ name }) => name)).toEqual(expect.arrayContaining(['observability', 'opencost']));
    expect(report.volumes.gib).toBeGreaterThan(0);
  });

  it('is all there: a second run changes nothing', async () => {
    const { summary, problems } = await user.up();
    expect([summary.exitCode, summary.changes, problems]).toEqual([0, 0, []]);
  });

  it('names an OpenCost that takes its prices for those of a month', async () => {
    const image = { name: 'opencost', image: 'ghcr.io/opencost/opencost:1.120.3' };
    const patch = JSON.stringify({ spec: { template: { spec: { containers: [image] } } } });
    await user.exec('rig1', `microk8s kubectl patch deployment opencost -n opencost -p '${patch}'; sleep 300`);
    const [warning = ''] = warnings(await cost());
    expect(warning).toMatch(/hours of a core, at 0\.021811 each, it reckons (nothing at all|.* times too little)/);
    expect(warning).toContain('up to 1.120');
  });

  it('falls back on requests when nobody reads the figures of OpenCost, and says so', async () => {
    await user.exec('rig1', 'microk8s kubectl delete servicemonitor opencost -n opencost');
    const run = await cost();
    expect(reportIn(run).basis).toEqual({ from: 'requests' });
    expect(warnings(run)).toEqual([expect.stringContaining('it has counted nothing yet')]);
  });

  it('falls back on requests when OpenCost is away, and says so', async () => {
    await user.exec('rig1', 'microk8s helm3 uninstall opencost -n opencost');
    const run = await cost();
    expect(reportIn(run).basis).toEqual({ from: 'requests' });
    expect(warnings(run)).toEqual([expect.stringContaining('it does not answer')]);
    const plan = await user.run('plan', '--rehearse', '--json');
    expect(openIds(plan)).toEqual(['cost/opencost@cluster']);
  });
});
