import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderClusterFile } from '../../src/config/init.ts';
import { parseCluster } from '../../src/config/load.ts';
import { templatePath } from '../../src/templates.ts';

describe('a first cluster file', () => {
  test('explains what a newcomer needs', () => {
    const text = renderClusterFile({
      name: 'home-lab',
      channel: '1.34/stable',
      user: 'lab',
      nodes: [
        { name: 'desk', address: '10.0.0.100', role: 'control-plane', local: true },
        { name: 'rig1', address: '10.0.0.101', role: 'worker', user: 'admin', port: 2222 },
      ],
    });
    expect(text).toBe(`# The machines of this cluster and what they should be. After a change type: mlk8s up
# All keys: docs/cluster-file.md

# Name of the cluster; kubectl knows it by this name too.
name: home-lab

microk8s:
  # <version>/<risk>. mlk8s never moves a cluster to another version by itself.
  channel: 1.34/stable

# How the machines are reached. ~/.ssh/config counts too; each machine may have its own ssh: keys.
ssh:
  user: lab

# The machines. role: control-plane runs the API and keeps the data of the cluster (have one, or three);
# worker only runs pods. Addresses must stay the same: reserve them in your router.
nodes:
  - name: desk
    address: 10.0.0.100
    role: control-plane
    # The machine that mlk8s runs on: no SSH.
    local: true
  - name: rig1
    address: 10.0.0.101
    role: worker
    ssh:
      user: admin
      port: 2222
`);
    const { file, warnings } = parseCluster(Buffer.from(text), 'mlk8s.yaml');
    expect(warnings).toEqual([]);
    expect(file.nodes[1]?.ssh).toEqual({ user: 'admin', port: 2222 });
  });

  test('names no user and no channel of its own', () => {
    const text = renderClusterFile({ name: 'a', nodes: [{ name: 'b', address: '10.0.0.1', role: 'control-plane' }] });
    expect(text).toContain('\n# ssh:\n#   user: lab\n');
    expect(parseCluster(Buffer.from(text), 'mlk8s.yaml').file).toMatchObject({
      microk8s: { channel: '1.35/stable' },
      ssh: {},
    });
  });

  test('holds every value as data, whatever is in it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('yes', '1.30', '"', "'", '# x', 'a: b', '- a', 'a\nb: c', '\r\n', '*a', 'null', ' a '),
    );
    fc.assert(
      fc.property(text, text, text, (name, user, address) => {
        const node = { name, address, role: 'worker' as const, user };
        const data = parse(renderClusterFile({ name, user, channel: user, nodes: [node] })) as unknown;
        const nodes = [{ name, address, role: 'worker', ssh: { user } }];
        expect(data).toEqual({ name, microk8s: { channel: user }, ssh: { user }, nodes });
      }),
    );
  });
});

describe('samples are valid and without warnings', () => {
  test.each(readdirSync(templatePath('samples')))('%s', (name) => {
    const { warnings } = parseCluster(readFileSync(templatePath('samples', name)), name);
    expect(warnings).toEqual([]);
  });
});
