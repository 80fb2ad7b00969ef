import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Step } from '../../../src/engine/types.ts';
import { networkStep } from '../../../src/steps/network/index.ts';
import { cluster, node } from '../../resources/world.ts';

const tainted = { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }] };
const nodes = [node('rig1', { role: 'control-plane' }), node('rig2', tainted), node('rig3')];
const web = { namespace: 'watch', service: 'x', port: 80, web: true };
const bringer: Step = {
  name: 'watch',
  title: 'A stub',
  resources: () => [],
  services: () => [
    { ...web, name: 'grafana' },
    { ...web, name: 'db', web: false },
  ],
};
const served = (network: Cluster['network'], steps: readonly Step[]) =>
  networkStep(steps)
    .resources(cluster(nodes, network ? { network } : {}))
    .find(({ kind }) => kind === 'names-served');

const network = { domain: 'lab', ingress: true, tls: true };

it('names are asked for at the machines that the ingress answers on, when their certificates are there', () => {
  expect(served(network, [bringer])).toMatchObject({
    on: 'cluster',
    needs: ['network/certificates@cluster', 'network/ingress-grafana@cluster'],
    spec: { urls: ['https://grafana.lab'], addresses: ['192.168.1.11', '192.168.1.13'] },
  });
  expect(served({ ...network, tls: false }, [bringer])).toMatchObject({
    needs: ['network/ingress-grafana@cluster'],
    spec: { urls: ['http://grafana.lab'] },
  });
});

it.each<[why: string, network: Cluster['network'], steps: readonly Step[]]>([
  ['nothing serves names', { ...network, ingress: false }, [bringer]],
  ['nothing has a name', network, []],
  ['the section is not there', undefined, [bringer]],
])('nobody is asked when %s', (_, of, steps) => expect(served(of, steps)).toBeUndefined());
