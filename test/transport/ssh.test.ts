import { afterEach, describe, expect, test } from 'vitest';
import { type Rig, rig } from './rig.ts';

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((r) => r.close()));
});
async function make(...args: Parameters<typeof rig>): Promise<Rig> {
  const it = await rig(...args);
  rigs.push(it);
  return it;
}

describe('a script over SSH', () => {
  test('runs in one exec, with its output, status and standard error apart', async () => {
    const { host, server } = await make();
    const result = await host.exec('echo out; echo err >&2; exit 3', { deadlineS: 5 });
    expect({ ...result, stdout: result.stdout.toString() }).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 3 });
    expect(server.commands).toHaveLength(1);
    expect(host.execs).toBe(1);
  });
});
