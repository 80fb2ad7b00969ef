import { expect, it } from 'vitest';
import { groundsOf } from '../../src/engine/grounds.ts';
import type { RunOptions } from '../../src/engine/options.ts';
import { isWanted } from '../../src/engine/prepare.ts';
import { stepOf } from '../../src/resources/places.ts';
import { steps } from '../../src/steps/index.ts';
import { cluster, node } from '../resources/world.ts';

const SECTIONS = {
  storage: { openebs: true, hostpath: false },
  databases: { redis: { sizeGi: 5, memoryMi: 512, commander: false } },
};
const FILE = cluster([node('rig1'), node('rig2', { role: 'worker' })], SECTIONS);
const ALL = steps.flatMap((step) => step.resources(FILE));

function grounds(flags: Partial<RunOptions>, asked = ['rig1', 'rig2']): string[] {
  const options = { only: [], skip: [], limitHosts: [], ...flags };
  const wanted = ALL.filter((it) => isWanted(it, options as unknown as RunOptions));
  return groundsOf(wanted, ALL, options, asked).map(({ id }) => id);
}

it('are none where nothing is left out by --only', () => {
  expect(grounds({})).toEqual([]);
  expect(grounds({ skip: ['storage'] })).toEqual([]);
});

it('are what a step rests on, down to the packages of a machine, and nothing of the step itself', () => {
  const found = grounds({ only: ['databases'] });
  expect(found).toEqual(expect.arrayContaining(['capacity/room@cluster', 'microk8s/snap@rig1', 'microk8s/snap@rig2']));
  expect(found.filter((id) => stepOf(id as never) === 'databases')).toEqual([]);
});

it('leave out a step that --skip names, and a machine that is not asked', () => {
  expect(grounds({ only: ['databases'], skip: ['capacity'] })).not.toContain('capacity/room@cluster');
  expect(grounds({ only: ['databases'] }, ['rig1'])).not.toContain('microk8s/snap@rig2');
});
