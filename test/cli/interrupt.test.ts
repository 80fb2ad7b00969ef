import { describe, expect, test } from 'vitest';
import type { RunOptions, UpOptions } from '../../src/engine/options.ts';
import { CLUSTER, finish, freshWorld } from './world.ts';

const world = freshWorld();
const press = (): boolean => process.emit('SIGINT');

describe('Ctrl-C', () => {
  test('once stops up, twice lets go, and says so', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const seen: boolean[] = [];
    world().engine = {
      up: async (options: UpOptions) => {
        const { stop, letGo } = options;
        press();
        seen.push(stop.aborted, letGo.aborted);
        press();
        seen.push(letGo.aborted);
        return finish(options, { exitCode: 130 });
      },
    };
    const before = process.listenerCount('SIGINT');
    const { code, out } = await world().mlk8s('up', '--yes');
    expect(seen).toEqual([true, false, true]);
    expect(code).toBe(130);
    expect(out).toContain('Finishing what runs');
    expect(out).toContain('Letting go');
    expect(out).toContain('To go on: mlk8s up');
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  test('ends a command that only looks', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().engine = {
      status: (_: RunOptions) =>
        new Promise(() => {
          setImmediate(press);
        }),
    };
    const { code, error, out } = await world().mlk8s('status');
    expect(code).toBe(130);
    expect(error?.problems[0]?.seen).toContain('nothing was changed');
    expect(out).not.toContain('Finishing');
    expect(world().closed).toBe(1);
  });
});
