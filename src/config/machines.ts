import { remoteParts, WORKSTATION } from './rules-devbox.ts';
import type { Cluster, ClusterNode } from './schema.ts';

/** A machine that mlk8s reaches as root: a member of the cluster, or the devbox beside it. */
export type Machine = Pick<ClusterNode, 'name' | 'local' | 'ssh'> & {
  /** IPv4 address of a member; of a devbox what stands in the file, of the workstation nothing. */
  readonly address: string;
};

/** The devbox in ids when it is no member; no member can have that name. */
export const DEVBOX = 'devbox';

/** All machines that mlk8s looks after. Members alone are `nodes`. */
export function machinesOf(file: Cluster): Machine[] {
  const devbox = devboxBeside(file);
  return devbox ? [...file.nodes, devbox] : file.nodes;
}

/** The devbox where it is no member. The workstation is one if a member is `local`. */
export function devboxBeside(file: Cluster): Machine | undefined {
  if (!file.devbox || memberDevbox(file)) return undefined;
  const remote = remoteParts(file.devbox.host);
  if (!remote) return { name: DEVBOX, address: '', local: true, ssh: {} };
  const { user, address, port } = remote;
  return { name: DEVBOX, address, local: false, ssh: { user, ...(port === undefined ? {} : { port }) } };
}

/** The member that is the devbox as well. */
export function memberDevbox({ devbox, nodes }: Cluster): ClusterNode | undefined {
  return nodes.find(({ name, local }) => (devbox?.host === WORKSTATION ? local : devbox?.host === name));
}

/** Account whose tools these are; undefined where the file does not say it, which the rules of the file refuse. */
export function devboxUser(file: Cluster): string | undefined {
  const { devbox } = file;
  if (!devbox) return undefined;
  const member = memberDevbox(file);
  const login = member?.local ? undefined : (member?.ssh.user ?? (member && file.ssh.user));
  return devbox.user ?? remoteParts(devbox.host)?.user ?? login;
}
