import { expect, it } from 'vitest';
import { lostOf } from '../../src/resources/helm-lost.ts';
import type { Brought, Counted, Sight, Workload } from '../../src/resources/helm-sight.ts';

const RELEASE = { release: 'shop', namespace: 'web' };

const named = (kind: string, names: string): Brought[] =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => ({ kind, title: `${kind} web/${name}`, namespace: 'web', name, owner: 'web/shop' }));

/** Names of what is there; a Deployment whose name ends in 0 is to have no replicas. */
function lost(counted: Counted, there: { deployments?: string; services?: string; configMaps?: string }) {
  const deployments = named('Deployment', there.deployments ?? '').map(
    (it): Workload => ({ ...it, ready: 0, wanted: 0, isReady: true, isOff: it.name.endsWith('0') }),
  );
  const sight: Pick<Sight, 'workloads' | 'services' | 'configMaps'> = {
    workloads: () => deployments,
    services: () => named('Service', there.services ?? ''),
    configMaps: () => named('ConfigMap', there.configMaps ?? ''),
  };
  return lostOf(RELEASE, counted, sight as Sight);
}

it.each<[string, number, string, string | undefined]>([
  ['all there', 2, 'a b', undefined],
  ['all there, one without replicas by its chart', 1, 'a b0', undefined],
  ['more than were counted', 1, 'a b', undefined],
  ['the only one deleted', 1, '', 'the only workload of release shop was deleted'],
  ['all deleted', 2, '', 'all 2 workloads of release shop were deleted'],
  [
    'some deleted',
    4,
    'a b',
    '2 of 4 workloads of release shop were deleted; still there: Deployment web/a, Deployment web/b',
  ],
  ['some of many deleted', 5, 'a b c d', '1 of 5 workloads of release shop was deleted'],
  ['one scaled', 2, 'a b0', 'Deployment web/b0 was scaled to 0'],
  ['two scaled', 2, 'a0 b0', 'Deployment web/a0, Deployment web/b0 were scaled to 0'],
  ['many scaled', 5, 'a b0 c0 d0 e0', '4 of 5 workloads of release shop were scaled to 0'],
  [
    'one scaled and one deleted',
    2,
    'a0',
    'Deployment web/a0 was scaled to 0; 1 of 2 workloads of release shop was deleted; still there: Deployment web/a0',
  ],
  [
    'one scaled or deleted, another without replicas by its chart',
    2,
    'a b0 c0',
    '1 of 2 workloads of release shop was deleted or scaled to 0',
  ],
])('tells of workloads: %s', (_, workloads, deployments, because) => {
  expect(lost({ workloads, services: 0, configMaps: 0 }, { deployments })).toBe(because);
});

it('tells of Services and ConfigMaps', () => {
  const counted = { workloads: 1, services: 2, configMaps: 1 };
  expect(lost(counted, { deployments: 'a', services: 'a b', configMaps: 'a' })).toBeUndefined();
  expect(lost(counted, { deployments: 'a', services: 'a' })).toBe(
    '1 of 2 Services of release shop was deleted; still there: Service web/a; the only ConfigMap of release shop was deleted',
  );
});

it('takes the count of an earlier version as it was meant: workloads only, those of no replicas too', () => {
  expect(lost({ workloads: 2 }, { deployments: 'a b0' })).toBeUndefined();
  expect(lost({ workloads: 2 }, { deployments: 'b0' })).toBe(
    '1 of 2 workloads of release shop was deleted; still there: Deployment web/b0',
  );
});
