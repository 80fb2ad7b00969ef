import { describe, expect, it } from 'vitest';
import type { Declared } from '../../../src/engine/types.ts';
import { kinds } from '../../../src/resources/index.ts';
import { nodeStep } from '../../../src/steps/node/index.ts';
import { cluster, node } from '../../resources/world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3', { local: true })]);
const of = (host: string, it = file): Map<string, Declared> =>
  new Map(
    nodeStep([])
      .resources(it)
      .flatMap((r) => (r.id.endsWith(`@${host}`) ? [[r.id.split(/[/@]/)[1] ?? '', r]] : [])),
  );

describe('node step', () => {
  it('lists each resource once, of a kind that exists, and needs only what is listed before or elsewhere', () => {
    const all = nodeStep([]).resources(file);
    const ids = new Set<string>(all.map((it) => it.id));
    expect(ids.size).toBe(all.length);
    for (const it of all) {
      expect(kinds[it.kind]?.kind).toBe(it.kind);
      for (const need of it.needs) expect(ids).toContain(need);
    }
  });

  it('needs nothing in a circle', () => {
    const needs = new Map(
      nodeStep([])
        .resources(file)
        .map((it) => [it.id as string, it.needs as readonly string[]]),
    );
    const depth = (id: string, path: readonly string[]): number => {
      expect(path).not.toContain(id);
      return 1 + Math.max(0, ...(needs.get(id) ?? []).map((need) => depth(need, [...path, id])));
    };
    for (const id of needs.keys()) depth(id, []);
  });

  it('is the same for every machine but the one that the user sits at', () => {
    expect([...of('rig1').keys()]).toEqual([...of('rig2').keys()]);
    const left = [...of('rig1').keys()].filter((name) => !of('rig3').has(name));
    expect(left).toEqual(['lid', 'sleep']);
    expect(of('rig3').get('hostname')?.spec).toMatchObject({ local: true });
    expect(of('rig3').get('reboot')?.spec).toMatchObject({ local: true });
  });

  it('leaves sleep and the clock alone when the file says so', () => {
    const names = [...of('rig1', { ...file, node: { dataDir: '/data', sleep: 'leave', timeSync: false } }).keys()];
    expect(names).not.toContain('lid');
    expect(names).not.toContain('sleep');
    expect(names).not.toContain('time');
  });

  it('tells every machine the addresses of all', () => {
    const lines = ['192.168.1.11 rig1', '192.168.1.12 rig2', '192.168.1.13 rig3'];
    expect(of('rig2').get('hosts')?.spec).toEqual({ path: '/etc/hosts', lines });
  });

  it('lets the others in, and kubectl on control planes only', () => {
    const calico = ['allow in on cali+', 'allow out on cali+', 'allow in on vxlan.calico', 'allow out on vxlan.calico'];
    expect(of('rig1').get('firewall')?.spec).toEqual({
      rules: ['allow from 192.168.1.12', 'allow from 192.168.1.13', ...calico, 'allow 16443/tcp'],
    });
    expect(of('rig2').get('firewall')?.spec).toEqual({
      rules: ['allow from 192.168.1.11', 'allow from 192.168.1.13', ...calico],
    });
  });

  it('reboots after everything that may owe a reboot', () => {
    const owing = [...of('rig1').values()].filter(
      (it) => it.kind === 'memory-cgroup' || JSON.stringify(it.spec).includes('"owes"'),
    );
    for (const it of owing) expect(of('rig1').get('reboot')?.needs).toContain(it.id);
  });
});
