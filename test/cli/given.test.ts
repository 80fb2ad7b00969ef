import { expect, it } from 'vitest';
import type { Step } from '../../src/engine/types.ts';
import { secrets } from '../../src/redact.ts';
import { secret } from '../../src/resources/secret.ts';
import { CLUSTER, freshWorld } from './world.ts';

const world = freshWorld();
const hook = secret({
  ...{ id: 'monitoring/hook@cluster', on: 'cluster', needs: [] },
  ...{ namespace: 'n', name: 's', fixed: {}, generated: [], given: { url: 'env:HOOK' } },
});
const steps: Step[] = [
  { name: 'node', title: 'node', resources: () => [] },
  { name: 'monitoring', title: 'monitoring', resources: () => [hook] },
];

function prepare() {
  const it = world();
  it.write('mlk8s.yaml', CLUSTER);
  it.parts = { steps: async () => steps };
  return it;
}

it('refuses up before anything is asked when a secret is not at hand', async () => {
  const it = prepare();
  const { code, error } = await it.mlk8s('up', '--yes');
  expect(code).toBe(1);
  expect(error?.problems[0]?.seen).toContain('the environment variable HOOK is not set');
  expect(it.wishes).toEqual([]);
});

it.each([
  ['plan', 2],
  ['status', 2],
  ['verify', 0],
])('lets %s do without', async (command, code) => {
  const it = prepare();
  expect(await it.mlk8s(command)).toMatchObject({ code, error: undefined });
  expect(it.asked[0]?.given?.size).toBe(0);
});

it('does not ask for secrets of steps that are left out', async () => {
  expect(await prepare().mlk8s('up', '--yes', '--only', 'node')).toMatchObject({ code: 0 });
  expect(await prepare().mlk8s('up', '--yes', '--skip', 'monitoring')).toMatchObject({ code: 0 });
});

it('hands the engine what is at hand, and masks it from then on', async () => {
  const it = prepare();
  it.env = { HOOK: 'https://hook.example/7c1f' };
  expect(await it.mlk8s('up', '--yes')).toMatchObject({ code: 0 });
  expect(it.asked[0]?.given).toEqual(new Map([['env:HOOK', 'https://hook.example/7c1f']]));
  expect(secrets.text('sent to https://hook.example/7c1f')).toBe('sent to ***');
});

it('makes secrets up for simulated machines', async () => {
  const it = prepare();
  it.env = { HOOK: 'https://hook.example/real' };
  expect(await it.mlk8s('up', '--yes', '--rehearse')).toMatchObject({ code: 0 });
  expect(it.asked[0]?.given).toEqual(new Map([['env:HOOK', 'simulated value of env:HOOK']]));
});
