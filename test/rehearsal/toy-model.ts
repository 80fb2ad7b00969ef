import type { Model } from '../../src/rehearsal/model/contract.ts';
import { noCounts } from '../../src/rehearsal/model/counts.ts';
import type { RigState } from '../../src/rehearsal/model/state.ts';

/** A model of a few commands, to test what runs them. */
export const toyModel: Model = {
  optional: ['toy-extra'],
  faults: { toyfault: 'any' },
  commands: {
    'toy-echo': async (context) => {
      context.out(`${context.user}@${context.rig.name} ${context.cwd} ${JSON.stringify(context.args)}\n`);
      context.err('on stderr\n');
      return 7;
    },
    'toy-cat': async (context) => {
      context.out((await context.stdin()).toString());
      return 0;
    },
    'toy-install': (context) => {
      context.files.link('/usr/local/sbin/.shim', '/snap/bin/toy-extra');
      return 0;
    },
    'toy-extra': (context) => {
      context.out(`extra ${context.next()}\n`);
      return 0;
    },
    'toy-run': async (context) => {
      const code = await context.run(context.args, { env: { TOY: 'yes' } });
      context.out(`status ${code}\n`);
      return 0;
    },
    'toy-daemon': (context) => {
      const [seconds = '1', file = '/root/done'] = context.args;
      context.spawn(['bash', '-c', `echo started >>${file}; sleep ${seconds}; echo ended >>${file}`], {}, (code) => {
        context.files.write('/root/code', `${code}\n`);
      });
      return 0;
    },
    'toy-module': (context) => {
      context.rig.modules = [...context.args];
      context.changed();
      return 0;
    },
    'toy-slow': async (context) => {
      await context.sleep(3000);
      return 0;
    },
  },
  newRig,
  boot: ({ rig }) => {
    rig.units.booted = { active: 'active', enabled: 'enabled' };
  },
};

function newRig(name: string, address: string, options: Parameters<Model['newRig']>[2]): RigState {
  const { purpose, user, now, bootId } = options;
  return {
    name,
    address,
    purpose,
    user,
    bootId,
    bootedAt: now,
    sudo: options.labels['toy/sudo']
      ? { mode: 'password', password: options.labels['toy/sudo'] }
      : { mode: 'nopasswd' },
    hardware: {
      arch: 'amd64',
      cpus: 4,
      memoryMiB: 8192,
      diskGiB: 100,
      diskUsedGiB: 10,
      nic: 'wired',
      dhcp: true,
      clockSkewS: 0,
      rttMs: 1,
      pci: [{ slot: '01:00.0', vendor: '10de', device: '2684', class: '030000', name: 'GPU', driver: '' }],
      virtualization: 'none',
    },
    os: { id: 'ubuntu', versionId: '24.04', codename: 'noble', kernel: '6.8.0-51-generic' },
    packages: {},
    modules: [],
    sysctl: {},
    units: {},
    time: { ntp: true, synchronized: true },
    ufw: { active: false, routed: 'deny', rules: [] },
    snaps: {},
    snapChanges: [],
    seeded: true,
    owners: {},
    faults: [],
    counts: noCounts(),
  };
}
