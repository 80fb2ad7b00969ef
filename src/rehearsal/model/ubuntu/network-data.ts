import type { RigState, WorldState } from '../state.ts';
import { isInternetAddress } from './names-data.ts';
import { fault } from './site.ts';

/** The router of a machine's network. */
export function gateway(rig: Pick<RigState, 'address'>): string {
  return rig.address.replace(/\.\d+$/, rig.address.endsWith('.1') ? '.254' : '.1');
}

export function interfaceName(rig: Pick<RigState, 'hardware'>): string {
  return rig.hardware.nic === 'wifi' ? 'wlan0' : 'eth0';
}

/** Round trip to an address in milliseconds; undefined where nobody answers. */
export function roundTrip(rig: RigState, world: WorldState, address: string): number | undefined {
  if (address === rig.address || address.startsWith('127.')) return 0.05;
  if (address === gateway(rig)) return rig.hardware.rttMs;
  const peer = Object.values(world.rigs).find((other) => other.address === address);
  if (peer)
    return ['gone', 'down'].every((mark) => fault({ rig: peer }, mark) === undefined)
      ? Math.max(rig.hardware.rttMs, peer.hardware.rttMs)
      : undefined;
  return isInternetAddress(address) ? 12 : undefined;
}

/** A port that somebody listens on (sheet microk8s 2.6). */
export interface Listener {
  proto: 'tcp' | 'udp';
  address: string;
  port: number;
  program: string;
}

const ALL = '0.0.0.0';
const LOCAL = '127.0.0.1';

/** Who listens on which port of a machine at that time, as `ss` shows it. */
export function listeners(rig: RigState, now: number): Listener[] {
  const tcp = (address: string, port: number, program: string): Listener => ({ proto: 'tcp', address, port, program });
  const found = [tcp(ALL, 22, 'sshd'), tcp('127.0.0.53%lo', 53, 'systemd-resolve')];
  const runs = (daemon: string) => rig.units[`snap.microk8s.daemon-${daemon}.service`]?.active === 'active';
  const { microk8s } = rig;
  if (!microk8s || microk8s.stopped || now < microk8s.readyAt) return found;
  if (runs('cluster-agent')) found.push(tcp('*', 25000, 'cluster-agent'));
  if (runs('kubelite')) {
    found.push(tcp('*', 10250, 'kubelite'), tcp(LOCAL, 10248, 'kubelite'), tcp(LOCAL, 10249, 'kubelite'));
    found.push(tcp('*', 10256, 'kubelite'), { proto: 'udp', address: ALL, port: 4789, program: '-' });
    if (microk8s.role === 'control-plane') {
      found.push(tcp('*', 16443, 'kubelite'), tcp('*', 10257, 'kubelite'), tcp('*', 10259, 'kubelite'));
    }
  }
  if (runs('apiserver-proxy')) found.push(tcp('*', 16443, 'cluster-agent'));
  if (runs('k8s-dqlite')) found.push(tcp(rig.address, 19001, 'k8s-dqlite'));
  // hostNetwork (sheet storage-and-databases 2.3)
  if (rig.ioEngine) found.push(...[10124, 8420, 4421].map((port) => tcp(ALL, port, 'io-engine')));
  if (runs('containerd')) found.push(tcp(LOCAL, 1338, 'containerd'));
  return found;
}
