import { describe, expect, test } from 'vitest';
import { judgeThisMachine, type MachineFacts, probeThisMachine } from '../../src/cli/this-machine.ts';
import { freshWorld } from './world.ts';

const world = freshWorld();
const good: MachineFacts = {
  platform: 'linux',
  init: 'systemd',
  distributions: ['ubuntu', 'debian'],
  snapd: true,
  snapdForbidden: false,
  hostName: 'Desk.fritz.box',
  addresses: ['192.168.178.20', '10.8.0.2'],
};

describe('a machine can be a cluster of one node', () => {
  test('when it is an Ubuntu with systemd', () => {
    expect(judgeThisMachine(good)).toEqual({ fits: true, name: 'desk', address: '192.168.178.20' });
  });

  test('when it is a Debian that can install snapd', () => {
    expect(judgeThisMachine({ ...good, distributions: ['debian'], snapd: false }).fits).toBe(true);
  });

  test.each<[string, Partial<MachineFacts>, string]>([
    ['macOS', { platform: 'darwin' }, 'it runs darwin; MicroK8s needs Linux'],
    ['a container', { init: 'bash' }, 'process 1 is bash; MicroK8s needs systemd'],
    ['Fedora', { distributions: ['fedora'] }, 'it is fedora, neither Ubuntu nor Debian'],
    ['Mint', { snapd: false, snapdForbidden: true }, 'snapd is missing and cannot be installed'],
    ['no name', { hostName: 'localhost' }, 'its host name "localhost" cannot be the name of a node'],
    ['no network', { addresses: [] }, 'it has no IPv4 address'],
  ])('but not: %s', (_, facts, missing) => {
    expect(judgeThisMachine({ ...good, ...facts })).toEqual({ fits: false, missing: [missing] });
  });
});

test('up without a cluster file offers this machine, or says what is missing and how to try it', async () => {
  const machine = judgeThisMachine(probeThisMachine());
  const { code, error } = await world().mlk8s('up');
  expect(code).toBe(1);
  const [problem] = error?.problems ?? [];
  expect(problem?.next.join('\n')).toContain('--rehearse');
  if (machine.fits) expect(problem?.next[0]).toContain('mlk8s up --yes');
  else expect(problem?.why).toBe(machine.missing.join('; '));
  expect(world().asked).toEqual([]);
});
