import type { CommandContext } from '../command.ts';
import { interfaceName } from './network-data.ts';

/** A network interface. */
export interface Link {
  index: number;
  name: string;
  address?: string;
  prefix: number;
  mac: string;
  type: 'loopback' | 'ether';
}

/** The interfaces; those of the pod network are there while MicroK8s is. */
export function links(context: CommandContext): Link[] {
  const { rig } = context;
  const last = Number(rig.address.split('.').at(-1) ?? 1);
  const mac = `52:54:00:12:34:${last.toString(16).padStart(2, '0')}`;
  const found: Link[] = [
    { index: 1, name: 'lo', address: '127.0.0.1', prefix: 8, mac: '00:00:00:00:00:00', type: 'loopback' },
    { index: 2, name: interfaceName(rig), address: rig.address, prefix: 24, mac, type: 'ether' },
  ];
  if (rig.microk8s) {
    found.push({
      index: 5,
      name: 'vxlan.calico',
      address: `10.1.${last}.0`,
      prefix: 32,
      mac: `66:54:00:12:34:${mac.slice(-2)}`,
      type: 'ether',
    });
  }
  return found;
}
