import { afterAll, expect, it } from 'vitest';
import { realParts } from '../../src/cli/parts.ts';
import type { Declared, Id, Step } from '../../src/engine/types.ts';
import { file } from '../../src/resources/file.ts';
import { freshWorld } from '../cli/world.ts';

const world = freshWorld();

afterAll(async () => {
  await (await realParts.rehearsal()).reset('quarrel');
});

const on = (host: string, name: string, needs: readonly Id[], content: string): Declared =>
  file({ id: `rivals/${name}@${host}`, on: { host }, needs, path: '/etc/motd.d/rivals', content, mode: '644' });

/** Two want the same file, each with its own words. What is between them keeps them out of one job. */
const rivals: Step = {
  name: 'rivals',
  title: 'Rivals',
  resources: () => [
    on('rig1', 'one', [], 'one'),
    on('rig2', 'between', ['rivals/one@rig1'], 'between'),
    on('rig1', 'other', ['rivals/between@rig2'], 'other'),
  ],
};

it('two resources that undo each other end the run, with the name of one of them', async () => {
  world().write(
    'mlk8s.yaml',
    'name: quarrel\nnodes:\n  - { name: rig1, address: 10.0.0.101, role: control-plane }\n  - { name: rig2, address: 10.0.0.102 }\n',
  );
  const { openHosts, engine } = realParts;
  world().parts = { openHosts, engine, steps: async () => [rivals], checks: async () => [] };
  const { code, out } = await world().mlk8s('up', '--rehearse', '--yes', '--json');
  expect(code).toBe(1);
  const failed = out.split('\n').flatMap((line) => (line.includes('"event":"failed"') ? [JSON.parse(line)] : []));
  expect(failed.map(({ id }) => id)).toEqual([expect.stringMatching(/^rivals\/(one|other)@rig1$/)]);
  expect(failed[0].problem.seen).toMatch(/^it was applied 3 times in this run/);
});
