import type { Driver } from '../gpu/driver.ts';
import type { Given } from './answers.ts';

/** What is the matter with a driver, and what to do; without the place. */
export interface Trouble {
  readonly seen: string;
  readonly why: string;
  readonly next: readonly string[];
}

/** Undefined: the driver is loaded, its library fits, and nvidia-smi sees a card. gpu-and-nodes sheet 3.6. */
export function troubleOf(host: string, driver: Driver, smi: Given): Trouble | undefined {
  const { loaded, module } = driver;
  if (loaded === undefined) return notLoaded(host, driver);
  const says = smi.text.trim().split('\n')[0] ?? '';
  const library = /NVML library version: (\S+)/.exec(smi.text)?.[1];
  const isMismatch = smi.status === 18 || says.includes('version mismatch');
  if (isMismatch || (module && module.version !== loaded)) {
    return {
      seen: `driver/library version mismatch: the kernel runs ${loaded}, on the disk is ${library ?? module?.version ?? 'another one'}`,
      why: 'the driver was upgraded while it was in use, and not by mlk8s',
      next: [`when nothing on it is needed, on ${host}: sudo reboot`],
    };
  }
  if (smi.status === 0) return undefined;
  if (smi.status === 127) {
    const branch = loaded.split('.')[0];
    return {
      seen: 'nvidia-smi is not installed',
      why: 'the driver was installed without its tools; the GPU operator needs them',
      next: [`on ${host}, whichever fits the driver: sudo apt-get install nvidia-utils-${branch}-server`],
    };
  }
  if (smi.status === 15 || says.includes('GPU is lost')) {
    return {
      seen: says,
      why: 'the card fell off the bus: power, riser or heat (Xid 79)',
      next: [`switch ${host} off and on again, not only reboot it`, `look: journalctl -k -g 'NVRM: Xid'`],
    };
  }
  return {
    seen: says === '' ? `nvidia-smi ended with status ${smi.status}` : says,
    why: says.includes('No devices')
      ? 'the wrong sort of modules for this card, or the card is broken'
      : 'the driver does not answer it',
    next: [`on ${host}, see what the driver says: sudo dmesg | grep NVRM`],
  };
}

function notLoaded(host: string, { module, rivals, secureBoot, kernel }: Driver): Trouble {
  if (rivals.length > 0) {
    const held = heldBy(rivals, host);
    return { ...held, seen: `${held.seen}, so the NVIDIA driver is not loaded` };
  }
  if (!module) {
    return {
      seen: `the kernel ${kernel} has no NVIDIA module`,
      why: 'the kernel was upgraded without the driver, or building the module failed',
      next: [`on ${host}, see what there is: dpkg -l '*nvidia*'; dkms status`],
    };
  }
  if (secureBoot && isBuiltHere(module.path)) {
    return {
      seen: 'Secure Boot is on, and the NVIDIA module is not loaded',
      why: `${module.path} was built on the machine; the firmware knows nobody who signed it ("Key was rejected by service")`,
      next: [
        `on ${host}: sudo mokutil --import /var/lib/shim-signed/mok/MOK.der, then confirm at its own screen after a reboot`,
        'or remove that driver and let mlk8s install modules that Ubuntu signed',
        'or switch Secure Boot off in the firmware',
      ],
    };
  }
  return {
    seen: 'the NVIDIA driver is not loaded',
    why: 'it was not loaded at boot, or somebody unloaded it',
    next: [`on ${host}, load it and read what it says: sudo modprobe nvidia`],
  };
}

/** Another driver has the card although it is kept off. */
export function heldBy(rivals: readonly string[], host: string): Trouble {
  return {
    seen: `${rivals.join(' and ')} has the card`,
    why: 'the initramfs still loads it, or somebody loaded it by hand',
    next: [`on ${host}: sudo update-initramfs -u, then sudo reboot`],
  };
}

/** By dkms or NVIDIA's installer: nobody whom the firmware knows signed it. */
function isBuiltHere(path: string): boolean {
  return /\/(updates|kernel\/drivers\/video)\//.test(path);
}
