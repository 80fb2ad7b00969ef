import { existsSync, readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { name as nameRule } from '../config/rules.ts';

/** What was found out about the machine that mlk8s runs on. */
export interface MachineFacts {
  /** As Node calls it: linux, darwin … */
  readonly platform: string;
  /** Name of process 1. */
  readonly init: string;
  /** ID and ID_LIKE of /etc/os-release. */
  readonly distributions: readonly string[];
  readonly snapd: boolean;
  /** Whether the package manager is forbidden to install snapd, as Linux Mint has it. */
  readonly snapdForbidden: boolean;
  readonly hostName: string;
  /** IPv4 addresses of real network cards, in the order of the system. */
  readonly addresses: readonly string[];
}

/** A node for the cluster file, or all that is missing, a sentence each. */
export type ThisMachine =
  | { readonly fits: true; readonly name: string; readonly address: string }
  | { readonly fits: false; readonly missing: readonly string[] };

/** Whether this machine can be a cluster of one node, and if not, all that is missing. */
export function judgeThisMachine(facts: MachineFacts): ThisMachine {
  if (facts.platform !== 'linux') return { fits: false, missing: [`it runs ${facts.platform}; MicroK8s needs Linux`] };
  const name = facts.hostName.toLowerCase().split('.', 1)[0] ?? '';
  const [address] = facts.addresses;
  const isDebian = facts.distributions.some((id) => id === 'ubuntu' || id === 'debian');
  const missing = [
    ...(facts.init === 'systemd' ? [] : [`process 1 is ${facts.init || 'unknown'}; MicroK8s needs systemd`]),
    ...(isDebian ? [] : [`it is ${facts.distributions[0] ?? 'an unknown system'}, neither Ubuntu nor Debian`]),
    ...(facts.snapd || (isDebian && !facts.snapdForbidden) ? [] : ['snapd is missing and cannot be installed']),
    ...(nameRule.fault(name) ? [`its host name "${facts.hostName}" cannot be the name of a node`] : []),
    ...(address === undefined ? ['it has no IPv4 address'] : []),
  ];
  return missing.length > 0 || address === undefined ? { fits: false, missing } : { fits: true, name, address };
}

/** Cards that containers, virtual machines and clusters make for themselves. */
const VIRTUAL = /^(lo|docker|br-|virbr|veth|cni|cali|flannel|vxlan|lxc|lxd|tun|tap|tailscale|wg)/;
const FORBIDS_SNAPD = '/etc/apt/preferences.d/nosnap.pref';

/** Looks at the machine; reads a few files and asks nobody. */
export function probeThisMachine(): MachineFacts {
  const release = read('/etc/os-release');
  return {
    platform: process.platform,
    init: read('/proc/1/comm').trim(),
    distributions: ['ID', 'ID_LIKE'].flatMap((key) => releaseValue(release, key).split(' ')).filter((id) => id !== ''),
    snapd: existsSync('/run/snapd.socket') || existsSync('/usr/bin/snap'),
    snapdForbidden: existsSync(FORBIDS_SNAPD),
    hostName: hostname(),
    addresses: Object.entries(networkInterfaces())
      .filter(([card]) => !VIRTUAL.test(card))
      .flatMap(([, all]) => all ?? [])
      .filter((it) => it.family === 'IPv4' && !it.internal && !it.address.startsWith('169.254.'))
      .map((it) => it.address),
  };
}

function releaseValue(release: string, key: string): string {
  return new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
