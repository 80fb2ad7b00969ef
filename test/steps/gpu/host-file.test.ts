import { describe, expect, it } from 'vitest';
import type { InventoryRecord, Verdict } from '../../../src/engine/types.ts';
import { type NvidiaFileSpec, nvidiaFile, nvidiaFileKind } from '../../../src/resources/nvidia-file.ts';
import { host } from '../../../src/steps/gpu/host.ts';
import { nodeStep } from '../../../src/steps/node/index.ts';
import { answersTo, cluster, node, worldOf } from '../../resources/world.ts';

const spec: NvidiaFileSpec = {
  path: '/etc/modprobe.d/mlk8s-nvidia.conf',
  content: 'blacklist nouveau\n',
  mode: '644',
  afterwards: { does: 'build the initramfs anew', run: { bash: 'update-initramfs -u' } },
  keepsOff: ['nouveau'],
};
const resource = nvidiaFile({ id: 'gpu/nouveau@rig1', on: { host: 'rig1' }, needs: [], ...spec });

function judge(
  state: InventoryRecord['state'],
  rivals: string,
  file = `644 root regular file\n${spec.content}`,
): Verdict {
  const told = ['0000:01:00.0 0x10de 0x2204 0x030000 \nend\n', `kernel 6.8\n${rivals}end\n`, file];
  const records = [{ ...resource, origin: 'created', state } as const];
  return nvidiaFileKind.judge(resource, worldOf({ answers: answersTo(nvidiaFileKind.asks(resource), told), records }));
}

const script = (verdict: Verdict) =>
  verdict.verdict === 'change' ? verdict.moves.map((move) => ('run' in move ? move.run.bash : '')).join('\n') : '';

describe('a power cut between the file and its initramfs', () => {
  it('is made good, with a reboot where nouveau came up once more', () => {
    expect(judge('pending', '')).toMatchObject({
      verdict: 'change',
      because: `${spec.path} was written, but an interruption left out: build the initramfs anew`,
    });
    expect(script(judge('pending', ''))).toBe('update-initramfs -u');
    const module = 'module 595.71.05 /lib/modules/6.8/kernel/nvidia-595srv-open/nvidia.ko\n';
    expect(script(judge('pending', `rival nouveau\n${module}`))).toMatch(/debts\/reboot[\s\S]*update-initramfs -u$/);
  });

  it('is not looked for when the change came to its end', () => {
    expect(judge('done', 'rival nouveau\n').verdict).toBe('ok');
  });
});

describe('nouveau that is loaded while the file is written', () => {
  const module = 'module 595.71.05 /lib/modules/6.8/kernel/nvidia-595srv-open/nvidia.ko\n';

  it.each([
    ['is loaded', 'rival nouveau\n', undefined],
    ['comes with the next start', '', undefined],
    ['was let in by somebody', 'rival nouveau\n', '644 root regular file\n# nothing\n'],
  ])('keeps the card while no driver can take its place: %s', (_, rivals, text = 'missing\n') => {
    expect(judge('done', rivals, text)).toMatchObject({ verdict: 'later', after: 'gpu/driver@rig1' });
  });

  it('is kept off beside a driver that is loaded and has no module on the disk', () => {
    expect(judge('done', 'loaded 595.71.05\n', 'missing\n').verdict).toBe('change');
  });

  it('goes with a reboot of its own when the driver is installed already', () => {
    expect(script(judge('done', `rival nouveau\n${module}`, 'missing\n'))).toContain('debts/reboot');
  });
});

describe('the driver in the cluster file', () => {
  const named = (driver: 'host' | 'operator' | 'none') =>
    host(cluster([node('rig1'), node('rig2')], { gpu: { mode: 'auto', driver, sharing: 1 } })).map((it) => it.id);

  it.each(['host', 'operator'] as const)('%s: nouveau and upgrades are kept away on every machine', (driver) => {
    const names = ['hold', 'nouveau', 'driver'];
    expect(named(driver)).toEqual(['rig1', 'rig2'].flatMap((rig) => names.map((name) => `gpu/${name}@${rig}`)));
  });

  it.each([
    ['host', ['gpu/driver@rig1', 'gpu/nouveau@rig1']],
    ['operator', ['gpu/driver@rig1', 'gpu/nouveau@rig1']],
    ['none', ['gpu/driver@rig1']],
  ] as const)('%s: all of it is there before the machine is rebooted', (driver, needs) => {
    const file = cluster([node('rig1')], { gpu: { mode: 'auto', driver, sharing: 1 } });
    const reboot = nodeStep([])
      .resources(file)
      .find(({ id }) => id === 'node/reboot@rig1');
    expect(reboot?.needs).toEqual(['node/memory-cgroup@rig1', ...needs]);
  });

  it('none: only looks', () => expect(named('none')).toEqual(['gpu/driver@rig1', 'gpu/driver@rig2']));
});
