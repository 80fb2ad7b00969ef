import { beforeEach, describe, expect, it } from 'vitest';
import { fakeProc } from '../../../../src/rehearsal/fakes.ts';
import { plugIn } from '../../../../src/rehearsal/model/ubuntu/lsblk.ts';
import { brief, TestMachine } from './machine.ts';

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

/** util-linux 2.39. */
describe('lsblk', () => {
  const COLUMNS = 'PATH,TYPE,FSTYPE,PTTYPE,MOUNTPOINT';
  const disk = async (path: string) => brief(await machine.run(`lsblk -J -o ${COLUMNS} ${path}`));
  const told = (more: object = {}) => {
    const none = { path: '/dev/sdb', type: 'disk', fstype: null, pttype: null, mountpoint: null, ...more };
    return { out: `${JSON.stringify({ blockdevices: [none] }, null, 3)}\n` };
  };
  beforeEach(() => void plugIn(machine.rig, ['ata-ONE']));

  it('shows a disk by its link below /dev/disk/by-id', async () => {
    expect(await disk('/dev/disk/by-id/ata-ONE')).toEqual(told());
    expect(await disk('/dev/sdb')).toEqual(told());
  });

  it('does not know what no library told it: a pool of Mayastor is an empty disk to it', async () => {
    Object.assign(machine.rig.hardware.disks?.[0] ?? {}, { pool: 'x' });
    expect(await disk('/dev/disk/by-id/ata-ONE')).toEqual(told());
  });

  it('shows a file system, and the disk that the machine boots from with its partition', async () => {
    machine.rig.faults.push('diskused:xfs');
    expect(await disk('/dev/sdb')).toEqual(told({ fstype: 'xfs' }));
    expect((await machine.run('lsblk -n -o PATH,TYPE,MOUNTPOINT')).out).toMatch(
      /^\/dev\/sda +disk *\n\/dev\/sda2 +part \/\n/,
    );
  });

  it('says what is no disk, and ends with 32, or 64 when some are', async () => {
    const err = 'lsblk: /dev/disk/by-id/ata-TWO: not a block device\n';
    expect(await disk('/dev/disk/by-id/ata-TWO')).toEqual({ err, code: 32 });
    expect((await machine.run('lsblk /dev/sdb /dev/disk/by-id/ata-TWO')).code).toBe(64);
    machine.rig.faults.push('nodisk');
    expect((await disk('/dev/disk/by-id/ata-ONE')).code).toBe(32);
  });

  it('keeps the disks that are there when others are put in', () => {
    expect(plugIn(machine.rig, ['ata-ONE', 'nvme-TWO'])).toBe(true);
    expect(machine.rig.hardware.disks?.map(({ id, path }) => `${id} ${path}`)).toEqual([
      'ata-ONE /dev/sdb',
      'nvme-TWO /dev/sdc',
    ]);
    expect(plugIn(machine.rig, ['nvme-TWO'])).toBe(false);
  });
});

describe('hugepages', () => {
  const shown = () => /HugePages_Total: +(\d+)/.exec(fakeProc(machine.rig).meminfo ?? '')?.[1];

  it('are as many as there is room for, without an error', async () => {
    expect((await machine.run('sysctl -w vm.nr_hugepages=1024')).code).toBe(0);
    expect(shown()).toBe('1024');
    expect((await machine.run('sysctl -w vm.nr_hugepages=999999')).code).toBe(0);
    expect(Number(shown())).toBeLessThan(8192);
  });

  it('are fewer where memory is in pieces, until a reboot', async () => {
    machine.rig.faults.push('fragmented');
    machine.files.write('/etc/sysctl.d/20-x.conf', 'vm.nr_hugepages=1024\n');
    expect((await machine.run('sysctl -p /etc/sysctl.d/20-x.conf')).code).toBe(0);
    expect(shown()).toBe('700');
    machine.reboot();
    expect(shown()).toBe('1024');
  });
});
