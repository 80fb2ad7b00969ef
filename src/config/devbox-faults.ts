/** Rules of `devbox:` that no single value can keep. Tolerant of values of a wrong type. */
import { isLoose, type Loose, type Placed } from './loose.ts';
import { quoted } from './rules.ts';
import { devboxHost, remoteParts, WORKSTATION } from './rules-devbox.ts';

export function devboxFaults(value: unknown, nodes: readonly Loose[]): Placed[] {
  const devbox = isLoose(value) ? value.devbox : undefined;
  if (!isLoose(value) || !isLoose(devbox)) return [];
  const host = devbox.host ?? WORKSTATION;
  if (typeof host !== 'string' || devboxHost.fault(host)) return [];
  const member = nodes.find(({ name, local }) => (host === WORKSTATION ? local === true : name === host));
  if (host !== WORKSTATION && remoteParts(host) === undefined && !member) return [unknownMachine(host, nodes)];
  const same = nodes.find(({ address }) => address !== undefined && address === remoteParts(host)?.address);
  if (same) return [memberByAddress(same)];
  const logins = [member?.ssh, value.ssh].flatMap((ssh) => (isLoose(ssh) && host !== WORKSTATION ? [ssh.user] : []));
  const user = [devbox.user, remoteParts(host)?.user, ...logins].find((name) => name !== undefined);
  if (user === undefined) return [withoutUser];
  return user === 'root' ? [ofRoot(devbox.user === undefined ? ['devbox'] : ['devbox', 'user'])] : [];
}

function unknownMachine(host: string, nodes: readonly Loose[]): Placed {
  const names = nodes.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  const fault = {
    seen: `${quoted(host)} is none of the machines`,
    why: 'a machine that is not in the cluster has its user before the address',
    next: [`Write workstation, or one of ${names.join(', ')}, or for example anna@10.0.0.50.`],
  };
  return { path: ['devbox', 'host'], fault };
}

/** Twice in one run, it would be taken for a machine without MicroK8s. */
function memberByAddress({ name, address }: Loose): Placed {
  const fault = {
    seen: `${address} is the machine ${name}`,
    why: 'a machine of the cluster is meant by its name: other things are done on it than on one beside the cluster',
    next: [`Write host: ${name}, and its account after user.`],
  };
  return { path: ['devbox', 'host'], fault };
}

/** To log in as root is fine, where `user` names somebody else. */
function ofRoot(path: Placed['path']): Placed {
  const fault = {
    seen: 'the tools would be those of root',
    why: 'nobody works as root: Visual Studio Code does not start for it, and its home is no place for a kubeconfig',
    next: ['Add the name of the account that works on that machine, for example: user: anna'],
  };
  return { path, fault };
}

/** Who types mlk8s is not in the file. */
const withoutUser: Placed = {
  path: ['devbox'],
  fault: {
    seen: 'devbox names no user',
    why: 'shell, git and editor belong to one account, and nothing in the file says to whose',
    next: ['Add the name of the account on that machine (shown there by: whoami), for example: user: anna'],
  },
};
