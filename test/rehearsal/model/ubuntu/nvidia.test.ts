import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

const KERNEL = '6.8.0-85-generic';
const SET = `linux-modules-nvidia-595-server-open-${KERNEL} nvidia-headless-no-dkms-595-server-open nvidia-utils-595-server`;
const QUERY = 'nvidia-smi --query-gpu=pci.bus_id,memory.total,driver_version,temperature.gpu --format=csv,noheader';

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine('rig4', { 'mlk8s/role': 'gpu' });
});

const driverInUse = async () => /in use: (\S+)/.exec((await machine.run('lspci -k -d 10de:')).out)?.[1];
const blacklist = () => machine.files.write('/etc/modprobe.d/own.conf', 'blacklist nouveau\n');

describe('the driver of an NVIDIA card', () => {
  it('is nouveau on a fresh machine, and NVIDIA cannot be loaded beside it', async () => {
    expect(await driverInUse()).toBe('nouveau');
    expect((await machine.run('modinfo -n nvidia')).code).toBe(1);
    await machine.run(`apt-get install -y ${SET}`);
    expect(brief(await machine.run('modprobe nvidia'))).toEqual({
      err: "modprobe: ERROR: could not insert 'nvidia': No such device\n",
      code: 1,
    });
    const { out, code } = await machine.run('nvidia-smi -L');
    expect([out.split('.')[0], code]).toEqual([
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
      9,
    ]);
  });

  it('is NVIDIA after a reboot, where nouveau is kept off', async () => {
    await machine.run(`apt-get install -y ${SET}`);
    machine.reboot();
    expect(await driverInUse()).toBe('nouveau');
    blacklist();
    machine.reboot();
    expect(await driverInUse()).toBe('nvidia');
    expect(machine.rig.modules).toContain('nvidia');
    expect((await machine.run('modinfo -F version nvidia')).out).toBe('595.71.05\n');
    expect((await machine.run('modinfo -n nvidia')).out).toBe(
      `/lib/modules/${KERNEL}/kernel/nvidia-595srv-open/nvidia.ko\n`,
    );
    expect(brief(await machine.run(QUERY))).toEqual({ out: '00000000:01:00.0, 24576 MiB, 595.71.05, 41\n' });
    expect(brief(await machine.run(`${QUERY},nounits`))).toEqual({ out: '00000000:01:00.0, 24576, 595.71.05, 41\n' });
    expect((await machine.run('nvidia-smi -L')).out).toMatch(
      /^GPU 0: NVIDIA GeForce RTX 3090 \(UUID: GPU-[0-9a-f-]+\)\n$/,
    );
    await machine.run('modprobe -r nvidia');
    expect(await driverInUse()).toBeUndefined();
  });

  it('needs a signature under Secure Boot, which what dkms builds has not', async () => {
    expect((await machine.run('mokutil --sb-state')).out).toBe('SecureBoot disabled\n');
    machine.rig.faults.push('secureboot');
    expect((await machine.run('mokutil --sb-state')).out).toBe('SecureBoot enabled\n');
    await machine.run('apt-get install -y nvidia-driver-580-open');
    blacklist();
    machine.reboot();
    expect(await driverInUse()).toBeUndefined();
    expect(brief(await machine.run('modprobe nvidia'))).toEqual({
      err: "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service\n",
      code: 1,
    });
    expect((await machine.run('modinfo -n nvidia')).out).toBe(`/lib/modules/${KERNEL}/updates/dkms/nvidia.ko.zst\n`);
  });

  it('fits its library no more when it is upgraded while it is in use, until a reboot', async () => {
    await machine.run(`apt-get install -y ${SET}`);
    blacklist();
    machine.reboot();
    machine.rig.faults.push('gpumismatch');
    expect(brief(await machine.run(QUERY))).toEqual({
      out: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 595.84\n',
      code: 18,
    });
    expect((await machine.run('modinfo -F version nvidia')).out).toBe('595.84.01\n');
    machine.reboot();
    expect((await machine.run(QUERY)).out).toContain('595.84.01');
  });
});

it('has an AMD card where the labels say so, as a display controller', async () => {
  const laptop = new TestMachine('rig5', { card: 'radeon' });
  expect((await laptop.run('lspci -Dnn -d 1002:')).out).toBe(
    '0000:03:00.0 Display controller [0380]: Advanced Micro Devices, Inc. [AMD/ATI] Topaz XT [Radeon R7 M260/M265] [1002:6900] (rev a1)\n',
  );
});
