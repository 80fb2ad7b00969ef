import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDisk } from '../../src/rehearsal/rootfs.ts';
import { toyModel } from './toy-model.ts';

test('a fresh machine has a machine id of its own, however alike the names are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlk8s-disks-'));
  const facts = { purpose: 'node', user: 'lab', labels: {}, local: false, now: 0, bootId: 'b' } as const;
  const idOf = (name: string): string => {
    makeDisk(join(folder, name), toyModel.newRig(name, '10.0.0.1', facts), toyModel, 'ssh-ed25519 AAAA');
    return readFileSync(join(folder, name, 'root/etc/machine-id'), 'utf8');
  };
  try {
    const ids = ['rig1', 'rig10', 'rig100', 'gpu-box-a', 'gpu-box-b'].map(idOf);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}\n$/);
    expect(new Set(ids).size).toBe(ids.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
