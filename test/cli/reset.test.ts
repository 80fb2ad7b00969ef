import { describe, expect, it } from 'vitest';
import type { UpOptions } from '../../src/engine/options.ts';
import { CLUSTER, freshWorld } from './world.ts';

const world = freshWorld();

describe('reset', () => {
  const wanting = { where: 'mlk8s reset', seen: expect.stringContaining('nothing was changed') };

  it('asks for the name of the cluster, and takes no other word', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().typed = 'home-lab';
    expect(await world().mlk8s('reset')).toMatchObject({ code: 0 });
    for (const typed of ['y', 'yes', 'home', '']) {
      world().typed = typed;
      const { code, error } = await world().mlk8s('reset');
      expect([code, error?.problems]).toEqual([1, [expect.objectContaining(wanting)]]);
    }
  });

  it('takes the name from --confirm, and asks no machine when it is another one', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    expect(await world().mlk8s('reset', '--confirm', 'home-lab', '--host', 'rig2')).toMatchObject({ code: 0 });
    expect(world().asked.at(-1)).toMatchObject({ command: 'reset', limitHosts: ['rig2'], only: [], skip: [] });
    const { code, error } = await world().mlk8s('reset', '--confirm', 'other');
    expect([code, error?.problems]).toEqual([1, [expect.objectContaining(wanting)]]);
    expect(world().asked).toHaveLength(1);
  });

  it('says what to type where nobody can be asked', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code, error } = await world().mlk8s('reset', '--host', 'rig2');
    expect([code, error?.problems[0]?.next]).toEqual([1, ['mlk8s reset --host rig2 --confirm home-lab']]);
    world().typed = 'home-lab';
    expect((await world().mlk8s('reset', '--json')).error?.problems[0]).toMatchObject(wanting);
  });

  it('hands its flags on, and removes no MicroK8s that it is not asked about', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    await world().mlk8s('reset', '--confirm', 'home-lab', '--lock-wait', '60', '--parallel', '2');
    expect(world().asked.at(-1) as UpOptions).toMatchObject({ lockWaitS: 60, parallel: 2, wipeNodes: [] });
  });

  it('refuses a machine that is not in the file', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { error } = await world().mlk8s('reset', '--host', 'rig9', '--confirm', 'home-lab');
    expect(error?.problems[0]?.seen).toContain('there is no "rig9"');
  });
});
