import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/config/schema.ts';
import type { Declared, InventoryRecord, Verdict } from '../../../src/engine/types.ts';
import { nvidiaDriver, nvidiaDriverKind } from '../../../src/resources/nvidia-driver.ts';
import { answersTo, cluster, node, type Told, worldOf } from '../../resources/world.ts';

const KERNEL = '6.8.0-85-generic';
const RTX = '0000:01:00.0 0x10de 0x2204 0x030000 nvidia';
const GTX_1080 = '0000:02:00.0 0x10de 0x1b80 0x030000 ';
const RTX_5090 = '0000:03:00.0 0x10de 0x2b85 0x030000 ';
const SMI_GOOD = '00000000:01:00.0, 24576, 595.71.05, 41\n';
const NO_SMI: Told = { text: '', status: 127 };
const DEBS = [
  `linux-modules-nvidia-595-server-open-${KERNEL}`,
  'nvidia-headless-no-dkms-595-server-open',
  'nvidia-utils-595-server',
];

interface Machine {
  readonly cards?: readonly string[];
  readonly loaded?: string | undefined;
  readonly module?: string | undefined;
  readonly rivals?: readonly string[];
  readonly boot?: string;
  readonly desktop?: boolean;
  readonly debs?: readonly string[];
  /** Undefined: both branches; `none`: no lists. */
  readonly offered?: readonly string[] | 'none';
  readonly smi?: Told;
  readonly debts?: readonly string[];
  /** mlk8s installed a driver before. */
  readonly ours?: boolean;
  readonly by?: 'host' | 'operator' | 'none';
  /** The file that keeps nouveau off is there. */
  readonly keptOff?: boolean;
  readonly values?: Cluster['values'];
}

const SIGNED = (version: string) => `${version} /lib/modules/${KERNEL}/kernel/nvidia-595srv-open/nvidia.ko`;
const OFFERS = ['595-server-open', '580-server-open', '595-server', '580-server'].map(
  (driver) => `linux-modules-nvidia-${driver}-${KERNEL}`,
);

function policy(offered: Machine['offered'] = OFFERS): string[] {
  if (offered === 'none') return ['no lists'];
  return offered.flatMap((name) => [
    `${name}:`,
    '  Installed: (none)',
    '  Candidate: 6.8.0-85.85+1',
    '  Version table:',
  ]);
}

function driverText({
  loaded,
  module,
  rivals = [],
  boot = 'SecureBoot disabled',
  desktop = false,
  debs = [],
  offered,
}: Machine): string {
  return [
    `kernel ${KERNEL}`,
    ...(loaded ? [`loaded ${loaded}`] : []),
    ...rivals.map((name) => `rival ${name}`),
    `boot ${boot}`,
    ...(desktop ? ['desktop'] : []),
    ...debs.map((name) => `deb ii  ${name}`),
    ...(module ? [`module ${module}`] : policy(offered)),
    'end',
    '',
  ].join('\n');
}

function judge(machine: Machine): Verdict {
  const it: Declared = nvidiaDriver({
    id: 'gpu/driver@rig1',
    on: { host: 'rig1' },
    needs: [],
    by: machine.by ?? 'host',
  });
  const told: Told[] = [
    `${[...(machine.cards ?? [RTX]), 'end'].join('\n')}\n`,
    driverText(machine),
    machine.smi ?? NO_SMI,
  ];
  const record: InventoryRecord = { ...it, origin: 'created', state: 'done' };
  return nvidiaDriverKind.judge(
    it as Parameters<typeof nvidiaDriverKind.judge>[0],
    worldOf({
      file: cluster([node('rig1')], { values: machine.values ?? {} }),
      answers: answersTo(nvidiaDriverKind.asks(it as Parameters<typeof nvidiaDriverKind.asks>[0]), told),
      debts: machine.debts ?? [],
      records: [
        ...(machine.ours ? [record] : []),
        ...(machine.keptOff ? [{ ...record, id: 'gpu/nouveau@rig1' as const }] : []),
      ],
    }),
  );
}

const script = (verdict: Verdict) =>
  verdict.verdict === 'change' ? verdict.moves.map((move) => ('run' in move ? move.run.bash : '')).join('\n') : '';
const said = (verdict: Verdict): string => {
  if (verdict.verdict !== 'refused') return `${verdict.verdict}: ${verdict.because}`;
  const { seen, why, next } = verdict.problem;
  return `refused: ${seen} | ${why} | ${next.join(' | ')}`;
};

describe('a machine without a card for it', () => {
  it.each([
    ['no card', [], 'ok: nothing to do: no NVIDIA card'],
    ['only Intel', ['0000:00:02.0 0x8086 0x3e92 0x030000 i915'], 'ok: nothing to do: no NVIDIA card'],
    [
      'a Kepler',
      ['0000:01:00.0 0x10de 0x1180 0x030000 nouveau'],
      'ok: nothing to do: no NVIDIA card that can be used (NVIDIA 10de:1180)',
    ],
    [
      'one that virtual machines have',
      ['0000:01:00.0 0x10de 0x2204 0x030000 vfio-pci'],
      'ok: nothing to do: no NVIDIA card that can be used (NVIDIA 10de:2204)',
    ],
  ])('%s', (_, cards, expected) => expect(said(judge({ cards }))).toBe(expected));
});

describe('a fresh machine', () => {
  it.each([
    ['a card of today', {}, '595-server-open'],
    ['the archive has only the older branch for this kernel', { offered: [OFFERS[1] as string] }, '580-server-open'],
    ['no package lists yet: the preferred branch is tried', { offered: 'none' }, '595-server-open'],
    ['Pascal', { cards: [GTX_1080] }, '580-server'],
    ['Pascal beside Ampere', { cards: [RTX, GTX_1080] }, '580-server'],
    ['Blackwell', { cards: [RTX_5090] }, '595-server-open'],
  ] satisfies [string, Machine, string][])('gets the driver for %s', (_, machine, driver) => {
    const verdict = judge(machine);
    expect(verdict).toMatchObject({ verdict: 'change', moves: [{ does: `install NVIDIA driver ${driver}` }] });
    const debs = [`linux-modules-nvidia-${driver}-${KERNEL}`, `nvidia-headless-no-dkms-${driver}`];
    expect(script(verdict)).toContain(
      `--no-remove install ${debs.join(' ')} nvidia-utils-${driver.replace('-open', '')}`,
    );
  });

  it('loads it at once where nothing else has the card, and owes no reboot', () => {
    const verdict = judge({});
    expect(script(verdict).split('\n').at(-1)).toBe('modprobe nvidia');
    expect(script(verdict)).not.toContain('debts');
    expect(verdict).not.toHaveProperty('disrupts');
  });

  it.each(['nouveau', 'nova_core'])('owes a reboot before it installs where %s has the card', (rival) => {
    const verdict = judge({ rivals: [rival] });
    expect(verdict).toMatchObject({ disrupts: `rig1 must reboot afterwards: ${rival} is in use` });
    expect(script(verdict)).toMatch(/debts\/reboot[\s\S]*install/);
    expect(script(verdict)).not.toContain('modprobe');
  });

  it('gets what draws on a screen where somebody has a desktop', () => {
    const drawing = ['libnvidia-gl-595-server', 'xserver-xorg-video-nvidia-595-server'];
    expect(script(judge({ desktop: true }))).toContain(`nvidia-utils-595-server ${drawing.join(' ')}`);
    expect(script(judge({}))).not.toContain('libnvidia-gl');
    const complete = { ...OURS, loaded: '595.71.05', smi: SMI_GOOD, desktop: true };
    expect(judge({ ...complete, debs: [...DEBS, ...drawing] }).verdict).toBe('ok');
    expect(said(judge(complete))).toBe(`change: not installed for NVIDIA 10de:2204: ${drawing.join(', ')}`);
  });

  it('follows the kernels that the machine follows', () => {
    const ends = ['generic', 'generic-hwe-24.04'];
    const offered = [...OFFERS, `linux-modules-nvidia-595-server-open-${ends[1]}`];
    const debs = [...ends.map((end) => `linux-image-${end}`), `linux-image-${KERNEL}`];
    const text = script(judge({ offered, debs }));
    expect(text).toContain('nvidia-utils-595-server linux-modules-nvidia-595-server-open-generic-hwe-24.04');
    expect(text).not.toContain('open-generic ');
  });

  it('explains Secure Boot before anything is installed', () => {
    for (const boot of ['SecureBoot enabled', 'byte    1']) {
      expect(said(judge({ boot }))).toContain('Secure Boot is on, and Ubuntu signed these modules');
      expect(said(judge({ boot, offered: [] }))).toMatch(
        /^refused: the archive has no signed NVIDIA modules for the kernel 6\.8\.0-85-generic .* \| Secure Boot is on, so modules that are built/,
      );
    }
    for (const boot of ['SecureBoot disabled', 'byte    0', 'BIOS'])
      expect(said(judge({ boot }))).not.toContain('Secure');
    expect(said(judge({ offered: [] }))).toContain('the component restricted is off');
  });

  it('refuses cards that no one driver serves, with their names', () => {
    expect(said(judge({ cards: [GTX_1080, RTX_5090] }))).toContain(
      'refused: no driver serves all cards: NVIDIA 10de:1b80 and NVIDIA 10de:2b85 |',
    );
  });
});

const OURS: Machine = { ours: true, debs: DEBS, module: SIGNED('595.71.05') };

describe('a driver that mlk8s installed', () => {
  it.each([
    [
      'is loaded and fits',
      { ...OURS, loaded: '595.71.05', smi: SMI_GOOD },
      'ok: driver 595.71.05 (595-server-open) is loaded, and its programs fit it',
    ],
    [
      'waits for the reboot that is owed, with nouveau still there',
      { ...OURS, rivals: ['nouveau'], debts: ['reboot'] },
      'ok: driver 595-server-open can be used after the reboot that rig1 waits for',
    ],
    [
      'was there at a reboot before nouveau was kept off',
      { ...OURS, rivals: ['nouveau'] },
      'later: nouveau has the card until it is kept off',
    ],
    ['was unloaded', OURS, 'change: driver 595.71.05 is installed, but not loaded'],
    [
      'lost its tools',
      { ...OURS, loaded: '595.71.05', debs: DEBS.slice(0, 2) },
      'change: not installed for NVIDIA 10de:2204: nvidia-utils-595-server',
    ],
    [
      'has no module for a new kernel',
      { ...OURS, module: undefined, debs: DEBS.slice(1) },
      `change: not installed for NVIDIA 10de:2204: ${DEBS[0]}`,
    ],
    [
      'was upgraded while it was in use',
      {
        ...OURS,
        loaded: '595.71.05',
        module: SIGNED('595.84.01'),
        smi: {
          text: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 595.84\n',
          status: 18,
        },
      },
      'refused: driver/library version mismatch: the kernel runs 595.71.05, on the disk is 595.84 | the driver was upgraded while it was in use, and not by mlk8s | when nothing on it is needed, on rig1: sudo reboot',
    ],
    [
      'has another module on the disk, although nvidia-smi still works',
      { ...OURS, loaded: '595.71.05', module: SIGNED('595.84.01'), smi: SMI_GOOD },
      'refused: driver/library version mismatch: the kernel runs 595.71.05, on the disk is 595.84.01 | the driver was upgraded while it was in use, and not by mlk8s | when nothing on it is needed, on rig1: sudo reboot',
    ],
    [
      'lost its card again to nouveau',
      { ...OURS, rivals: ['nouveau'], keptOff: true },
      'refused: nouveau has the card, so the NVIDIA driver is not loaded | the initramfs still loads it, or somebody loaded it by hand | on rig1: sudo update-initramfs -u, then sudo reboot',
    ],
  ] satisfies [string, Machine, string][])('%s', (_, machine, expected) => expect(said(judge(machine))).toBe(expected));

  it.each([
    [
      'No devices were found\n',
      6,
      'refused: No devices were found | the wrong sort of modules for this card, or the card is broken',
    ],
    [
      'Unable to determine the device handle for GPU 0000:C1:00.0: GPU is lost.  Reboot the system to recover this GPU\n',
      15,
      'refused: Unable to determine the device handle for GPU 0000:C1:00.0: GPU is lost.',
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
      9,
      'refused: NVIDIA-SMI has failed',
    ],
    ['', 3, 'refused: nvidia-smi ended with status 3 |'],
  ])('does not work: %j', (text, status, expected) => {
    expect(said(judge({ ...OURS, loaded: '595.71.05', smi: { text, status } }))).toContain(expected);
  });

  it('is completed without a reboot when only its tools are missing', () => {
    expect(script(judge({ ...OURS, loaded: '595.71.05', debs: DEBS.slice(0, 2) }))).not.toContain('debts');
  });
});

const DKMS = `580.126.09 /lib/modules/${KERNEL}/updates/dkms/nvidia.ko.zst`;
const DESKTOP: Machine = {
  debs: ['nvidia-driver-580-open', 'nvidia-dkms-580-open'],
  module: DKMS,
  loaded: '580.126.09',
};

describe('a driver that was there before', () => {
  it.each([
    [
      'another branch that works',
      { ...DESKTOP, smi: SMI_GOOD },
      'ok: driver 580.126.09 (580-open), not installed by mlk8s, works and is left alone',
    ],
    [
      'the very one that mlk8s would install',
      { debs: DEBS, module: SIGNED('595.71.05'), loaded: '595.71.05', smi: SMI_GOOD },
      'ok: driver 595.71.05 (595-server-open), not installed by mlk8s, works and is left alone',
    ],
    [
      "NVIDIA's own installer",
      { module: `580.95.05 /lib/modules/${KERNEL}/kernel/drivers/video/nvidia.ko`, loaded: '580.95.05', smi: SMI_GOOD },
      "ok: driver 580.95.05 (not from Ubuntu's packages), not installed by mlk8s, works and is left alone",
    ],
    [
      'one that somebody put in the place of ours',
      { ...DESKTOP, ours: true, smi: SMI_GOOD },
      'ok: driver 580.126.09 (580-open), not installed by mlk8s, works and is left alone',
    ],
  ] satisfies [string, Machine, string][])('%s', (_, machine, expected) => expect(said(judge(machine))).toBe(expected));

  it.each([
    ['is not loaded', { ...DESKTOP, loaded: undefined }, 'the NVIDIA driver is not loaded'],
    [
      'is rejected by Secure Boot',
      { ...DESKTOP, loaded: undefined, boot: 'SecureBoot enabled' },
      'Secure Boot is on, and the NVIDIA module is not loaded',
    ],
    ['has no tools', DESKTOP, 'nvidia-smi is not installed'],
    ['was not built for this kernel', { debs: DESKTOP.debs ?? [] }, `the kernel ${KERNEL} has no NVIDIA module`],
  ] satisfies [string, Machine, string][])('%s: refused, never replaced', (_, machine, seen) => {
    const verdict = judge(machine);
    expect(verdict).toMatchObject({ verdict: 'refused', problem: { seen } });
    expect(said(verdict)).toContain("the driver (580-open) is not mlk8s' own, so it is left alone");
    expect(said(verdict)).toContain('remove it, reboot, run the same command again');
  });
});

describe('a driver that the operator brings', () => {
  const by = 'operator';
  it.each([
    ['nothing in the way', { by }, 'ok: nothing is in the way of the driver of the operator'],
    [
      'it is loaded already, by its container',
      { by, loaded: '595.91.07' },
      'ok: nothing is in the way of the driver of the operator',
    ],
    [
      'nouveau, until the reboot',
      { by, rivals: ['nouveau'], debts: ['reboot'] },
      "ok: the operator's driver can be used after the reboot that rig1 waits for",
    ],
    [
      'nouveau, that nothing keeps off yet',
      { by, rivals: ['nouveau'] },
      'later: nouveau has the card until it is kept off',
    ],
    ['nouveau for good', { by, rivals: ['nouveau'], keptOff: true }, 'refused: nouveau has the card |'],
    ['a driver of the machine', { by, ...DESKTOP }, 'refused: rig1 has an NVIDIA driver of its own: 580-open |'],
    [
      'a card that it does not know',
      { by, cards: [RTX, GTX_1080] },
      "refused: the operator's driver does not know NVIDIA 10de:1b80 | it is of branch 595; 580 was the last one",
    ],
    [
      'such a card, and the user names another version',
      { by, cards: [GTX_1080], values: { 'gpu-operator': { driver: { version: '580.178.04' } } } },
      'ok: nothing is in the way of the driver of the operator',
    ],
    ['Secure Boot', { by, boot: 'SecureBoot enabled' }, 'refused: Secure Boot is on at rig1 |'],
  ] satisfies [string, Machine, string][])('%s', (_, machine, expected) =>
    expect(said(judge(machine))).toContain(expected),
  );
});

describe('a driver that is left to the user', () => {
  it('is only looked at', () => {
    const by = 'none';
    expect(judge({ by, ...DESKTOP, smi: SMI_GOOD })).toEqual({
      verdict: 'ok',
      because: 'the driver is left to you: 580.126.09 is loaded',
    });
    expect(judge({ by, rivals: ['nouveau'] })).toMatchObject({
      because: 'the driver is left to you: none is loaded',
      warning:
        'nouveau has the card, so the NVIDIA driver is not loaded: the initramfs still loads it, or somebody loaded it by hand',
    });
  });
});

it.each([0, 1, 2])('concludes nothing from silence or from half an answer (%i)', (at) => {
  const it: Declared = nvidiaDriver({ id: 'gpu/driver@rig1', on: { host: 'rig1' }, needs: [], by: 'host' });
  const typed = it as Parameters<typeof nvidiaDriverKind.judge>[0];
  const whole: Told[] = [`${RTX}\nend\n`, driverText({}), SMI_GOOD];
  const asks = nvidiaDriverKind.asks(typed);
  const broken: Told[] = at === 2 ? [{ kind: 'timeout' }] : ['', { kind: 'timeout' }, { kind: 'unreachable' }];
  for (const told of broken) {
    const verdict = nvidiaDriverKind.judge(
      typed,
      worldOf({
        answers: answersTo(
          asks,
          whole.map((w, i) => (i === at ? told : w)),
        ),
      }),
    );
    expect(verdict.verdict).toBe('refused');
  }
});
