import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, Hosts } from '../../src/transport/host.ts';
import { TestSite } from './site.ts';

const site = new TestSite();
let hosts: Hosts;
let rig1: Host;

beforeAll(async () => {
  await site.start();
  const start = performance.now();
  hosts = await site.open();
  rig1 = hosts.node('rig1');
  console.log(`two rigs up in ${(performance.now() - start).toFixed(0)} ms`);
});

afterAll(async () => {
  await hosts?.close();
  await site.end();
});

async function run(script: string, host = rig1) {
  const { stdout, stderr, code } = await host.exec(script, { deadlineS: 600 });
  return { stdout: stdout.toString(), stderr, code };
}

describe('a rig', () => {
  test('runs real bash with real coreutils, as root, under its own name', async () => {
    expect(await run('id -un; hostname; uname -r; printf "%s\\n" a b | sort -r; exit 5')).toEqual({
      stdout: 'root\nrig1\n6.8.0-51-generic\nb\na\n',
      stderr: '',
      code: 5,
    });
  });
});
