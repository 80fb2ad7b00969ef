import { beforeEach, describe, expect, it } from 'vitest';
import { brief, TestMachine } from './machine.ts';

const KERNEL = '6.8.0-85-generic';
let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

describe('sysctl', () => {
  it.each([
    ['sysctl -n fs.inotify.max_user_instances fs.inotify.max_user_watches', { out: '128\n65536\n' }],
    ['sysctl vm.max_map_count', { out: 'vm.max_map_count = 1048576\n' }],
    ['sysctl -w vm.swappiness=10', { out: 'vm.swappiness = 10\n' }],
    ['sysctl -q vm.swappiness=10', {}],
    ['sysctl -w vm.swappiness', { err: 'sysctl: "vm.swappiness" must be of the form name=value\n', code: 1 }],
    ['sysctl -n no.such', { err: 'sysctl: cannot stat /proc/sys/no/such: No such file or directory\n', code: 1 }],
    ['sysctl -e no.such', {}],
    ['sysctl -p /nowhere', { err: 'sysctl: cannot open "/nowhere": No such file or directory\n', code: 1 }],
    [
      'sysctl -n net.bridge.bridge-nf-call-iptables',
      { err: 'sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory\n', code: 1 },
    ],
  ])('%s', async (line, expected) => {
    expect(brief(await machine.run(line))).toEqual(expected);
  });

  it('loads every file by name, /etc/sysctl.conf last; what was set by hand alone is lost', async () => {
    machine.files.write('/etc/sysctl.d/90-mlk8s.conf', '# ours\nvm.swappiness=1\nfs.aio-max-nr=1048576\n');
    machine.files.write('/etc/sysctl.d/99-z.conf', '-no.such = 1\nvm.swappiness = 2\n');
    machine.files.write('/etc/sysctl.conf', 'vm.swappiness=3\n');
    await machine.run('sysctl -w vm.max_map_count=65530');
    const { out, code } = await machine.run('sysctl --system');
    expect(code).toBe(0);
    expect(out).toContain('* Applying /etc/sysctl.d/90-mlk8s.conf ...\nvm.swappiness = 1\nfs.aio-max-nr = 1048576\n');
    expect((await machine.run('sysctl -n vm.swappiness vm.max_map_count')).out).toBe('3\n1048576\n');
  });

  it('reads several numbers back with tabs between them', async () => {
    machine.files.write('/etc/sysctl.d/20-x.conf', 'kernel.printk = 4 4  1 7\n');
    machine.reboot();
    expect((await machine.run('sysctl -n kernel.printk')).out).toBe('4\t4\t1\t7\n');
  });

  it('applies one file', async () => {
    machine.files.write('/etc/sysctl.d/20-x.conf', 'vm.nr_hugepages = 1024\n');
    expect(brief(await machine.run('sysctl -p /etc/sysctl.d/20-x.conf'))).toEqual({ out: 'vm.nr_hugepages = 1024\n' });
    machine.reboot();
    expect((await machine.run('sysctl -n vm.nr_hugepages')).out).toBe('1024\n');
  });

  it('forgets live values at a reboot', async () => {
    await machine.run('sysctl -w fs.aio-max-nr=1048576');
    machine.reboot();
    expect((await machine.run('sysctl -n fs.aio-max-nr')).out).toBe('65536\n');
  });
});

describe('modules', () => {
  it('has nvme_tcp only with linux-modules-extra', async () => {
    expect(brief(await machine.run('modprobe nvme_tcp'))).toEqual({
      err: `modprobe: FATAL: Module nvme_tcp not found in directory /lib/modules/${KERNEL}\n`,
      code: 1,
    });
    expect((await machine.run('modinfo -n nvme_tcp')).err).toBe('modinfo: ERROR: Module nvme_tcp not found.\n');
    await machine.run(`apt-get install -y linux-modules-extra-${KERNEL}`);
    expect(brief(await machine.run('modprobe nvme-tcp'))).toEqual({});
    expect((await machine.run('lsmod')).out).toMatch(/^Module +Size +Used by\nnvme_tcp +61440 +0\n/);
    expect((await machine.run('modinfo -n nvme_tcp')).out).toBe(
      `/lib/modules/${KERNEL}/kernel/drivers/nvme/host/nvme-tcp.ko.zst\n`,
    );
  });

  it('loads what modules-load.d names at boot, not before', async () => {
    machine.files.write('/etc/modules-load.d/k8s.conf', '# bridge\nbr_netfilter\n');
    expect((await machine.run('lsmod')).out).not.toContain('br_netfilter');
    machine.reboot();
    expect((await machine.run('sysctl -n net.bridge.bridge-nf-call-iptables')).out).toBe('1\n');
  });

  it('keeps nouveau off a card that is blacklisted, after a reboot', async () => {
    machine = new TestMachine('gpu1');
    expect((await machine.run('lspci -Dnnk')).out).toContain(
      '0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)\n\tKernel driver in use: nouveau\n',
    );
    machine.files.write('/etc/modprobe.d/blacklist-nouveau.conf', 'blacklist nouveau\noptions nouveau modeset=0\n');
    machine.reboot();
    expect((await machine.run('lspci -k')).out).not.toContain('nouveau');
    expect(machine.rig.modules).not.toContain('nouveau');
  });

  it('wants root', async () => {
    expect((await machine.run('modprobe br_netfilter', { user: 'mia' })).err).toBe(
      "modprobe: ERROR: could not insert 'br_netfilter': Operation not permitted\n",
    );
  });
});

describe('hardware', () => {
  it.each([
    ['gpu1', 65_536, 2],
    ['storage1', 32_768, 1],
    ['rig1', 16_384, 1],
  ])('%s has the hardware its name hints at', (name, memory, devices) => {
    const { rig } = new TestMachine(name);
    expect([rig.hardware.memoryMiB, rig.hardware.pci.length]).toEqual([memory, devices]);
  });

  it.each([
    ['nproc', { out: '8\n' }],
    ['mokutil --sb-state', { out: 'SecureBoot disabled\n' }],
    ['systemd-detect-virt', { out: 'none\n', code: 1 }],
    [
      'df -P -k /',
      {
        out: 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda2 536870912 14680064 522190848 3% /\n',
      },
    ],
    ['df --output=avail -B1 /var', { out: 'Avail\n534723428352\n' }],
    ['df /frob', { err: 'df: /frob: No such file or directory\n', code: 1 }],
    ['findmnt -n -o SOURCE,FSTYPE -T /var', { out: '/dev/sda2 ext4\n' }],
    ['swapon --noheadings --show=NAME,SIZE', { out: '/swap.img 4G\n' }],
    ['iw dev eth0 get power_save', { err: 'command failed: No such device (-19)\n', code: 237 }],
    ['cloud-init status --wait', { out: 'status: done\n' }],
    [
      'needrestart -b',
      { out: `NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: ${KERNEL}\nNEEDRESTART-KEXP: ${KERNEL}\nNEEDRESTART-KSTA: 1\n` },
    ],
  ])('%s', async (line, expected) => {
    const columns = (text: string) => text.replaceAll(/ +/g, ' ');
    const result = brief(await machine.run(line));
    expect({ ...result, ...(result.out && { out: columns(result.out) }) }).toEqual(expected);
  });

  it('swap comes back at boot unless fstab or a mask keeps it off', async () => {
    await machine.run('swapoff -a');
    expect(brief(await machine.run('swapon --noheadings --show'))).toEqual({});
    machine.reboot();
    expect(machine.rig.swap).toHaveLength(1);
    machine.files.write('/etc/fstab', '/dev/sda2 / ext4 defaults 0 1\n#/swap.img none swap sw 0 0\n');
    machine.reboot();
    expect(machine.rig.swap).toEqual([]);
  });
});
