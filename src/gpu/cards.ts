import type { Ask, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';

export type Vendor = 'NVIDIA' | 'AMD' | 'Intel';

/** One graphics card as the PCI bus of its machine has it. */
export interface Card {
  /** As `/sys/bus/pci/devices` spells it: `0000:01:00.0`. */
  readonly slot: string;
  readonly vendor: Vendor;
  /** Device id, four hexadecimal digits. */
  readonly device: string;
  /** The kernel driver that has it; empty when none has. */
  readonly driver: string;
  /** As people call it: `GeForce RTX 3090`; `NVIDIA 10de:2204` where the machine has no lspci. */
  readonly model: string;
}

const VENDORS: Readonly<Record<string, Vendor>> = { '10de': 'NVIDIA', '1002': 'AMD', '8086': 'Intel' };

/**
 * Graphics cards of a machine: classes 0300 VGA, 0302 3D, 0380 display (laptops). A line each: slot, vendor, device,
 * class, driver. Then `end`, then the names that lspci has. gpu-and-nodes sheet 3.1: minimal images have no lspci.
 */
export function cardsAsk(host: string): Ask {
  const script = sh`
    for card in /sys/bus/pci/devices/*; do
      [ -r "$card/class" ] || continue
      class=$(cat "$card/class")
      case $class in
        0x0300* | 0x0302* | 0x0380*) ;;
        *) continue ;;
      esac
      driver=$(readlink "$card/driver")
      echo "\${card##*/} $(cat "$card/vendor") $(cat "$card/device") $class \${driver##*/}"
    done
    echo end
    lspci -Dnn
  `;
  return { key: 'graphics cards', on: { host }, sh: script, timeoutS: 20 };
}

/** What `cardsAsk` answered; undefined when the answer is not whole. Cards of other vendors are left out. */
export function parseCards(text: string): Card[] | undefined {
  const rows = text.split('\n');
  const end = rows.indexOf('end');
  if (end < 0) return undefined;
  const names = new Map(rows.slice(end + 1).flatMap(nameOf));
  return rows.slice(0, end).flatMap((row) => {
    const [slot = '', vendorId = '', deviceId = '', , driver = ''] = row.split(' ');
    const vendor = VENDORS[vendorId.replace('0x', '')];
    if (!vendor) return [];
    const device = deviceId.replace('0x', '');
    const model = names.get(slot) ?? `${vendor} ${vendorId.replace('0x', '')}:${device}`;
    return [{ slot, vendor, device, driver, model }];
  });
}

/** `0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)` */
function nameOf(row: string): [string, string][] {
  const [, slot, name] = /^(\S+) .*? \[[0-9a-f]{4}\]: (.+) \[[0-9a-f]{4}:[0-9a-f]{4}\]/.exec(row) ?? [];
  if (!slot || !name) return [];
  const bare = name.replace(/^(NVIDIA Corporation|Advanced Micro Devices, Inc\. \[AMD\/ATI\]|Intel Corporation) /, '');
  // pci.ids does not know every card.
  if (/^Device\b/.test(bare)) return [];
  return [[slot, /\[(.+)\]$/.exec(bare)?.[1] ?? bare]];
}

/** The cards of a machine, once it was asked by `cardsAsk`; undefined when it did not answer. */
export function cardsOf(world: World, host: string): readonly Card[] | undefined {
  const text = world.text({ host }, cardsAsk(host).key);
  return text === undefined ? undefined : parseCards(text);
}
