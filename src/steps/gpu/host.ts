import type { Cluster } from '../../config/schema.ts';
import type { Declared, Id } from '../../engine/types.ts';
import type { Placed } from '../../resources/declare.ts';
import { nvidiaDriver } from '../../resources/nvidia-driver.ts';
import { nvidiaFile } from '../../resources/nvidia-file.ts';
import { sh } from '../../shell/script.ts';

/** Drivers that take NVIDIA cards before NVIDIA's own can. gpu-and-nodes sheet 3.5. */
const RIVALS = ['nouveau', 'nova_core'];

const KEEP_OFF = `# Written by mlk8s: NVIDIA cards are for NVIDIA's driver
blacklist nouveau
options nouveau modeset=0
blacklist nova
blacklist nova_core
blacklist nova_drm
`;

/** The module belongs to one kernel, and the library to one module: they are upgraded together, or not at all. */
const HOLD = `// Written by mlk8s: kernel and NVIDIA driver are upgraded together, when somebody is there
Unattended-Upgrade::Package-Blacklist {
  "linux-";
  "nvidia";
  "libnvidia";
  "xserver-xorg-video-nvidia";
};
`;

/** 26.04 has dracut instead. gpu-and-nodes sheet 3.5. */
const rebuild = sh`
  if command -v update-initramfs >/dev/null; then update-initramfs -u
  elif command -v dracut >/dev/null; then dracut --regenerate-all --force
  fi
`;

/** NVIDIA's driver on every machine that has a card for it. */
export function host(file: Cluster): Declared[] {
  const by = file.gpu?.driver ?? 'none';
  return file.nodes.flatMap((node) => {
    const at = (name: string, ...needs: Id[]): Placed => ({
      id: `gpu/${name}@${node.name}`,
      on: { host: node.name },
      needs,
    });
    if (by === 'none') return [nvidiaDriver({ ...at('driver'), by })];
    return [
      nvidiaFile({ ...at('hold'), path: '/etc/apt/apt.conf.d/53mlk8s-nvidia', content: HOLD, mode: '644' }),
      nvidiaFile({
        ...at('nouveau'),
        path: '/etc/modprobe.d/mlk8s-nvidia.conf',
        content: KEEP_OFF,
        mode: '644',
        afterwards: { does: 'build the initramfs anew', run: rebuild },
        keepsOff: RIVALS,
        driverless: by === 'operator',
      }),
      nvidiaDriver({
        ...at('driver', `gpu/hold@${node.name}`, `node/dpkg@${node.name}`, `node/packages@${node.name}`),
        by,
      }),
    ];
  });
}
