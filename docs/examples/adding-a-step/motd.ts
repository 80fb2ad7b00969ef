import type { Cluster, ClusterNode } from '../../../src/config/schema.ts';
import type { Declared, Step } from '../../../src/engine/types.ts';
import { file } from '../../../src/resources/file.ts';
import { symlink } from './symlink.ts';

/** Tells people who log in that the machine is looked after. */
export const motdStep: Step = {
  name: 'motd',
  title: 'Say at login what the machine is for',
  resources: (cluster) => cluster.nodes.flatMap((node) => ofNode(cluster, node)),
};

/** pam_motd shows this file after a login over SSH. */
const TEXT = '/etc/motd.d/10-mlk8s';
/** agetty shows this one on the screen of the machine. */
const CONSOLE = '/etc/issue.d/10-mlk8s.issue';

function ofNode(cluster: Cluster, { name, role }: ClusterNode): Declared[] {
  const on = { host: name };
  return [
    file({
      id: `motd/text@${name}`,
      on,
      needs: [],
      path: TEXT,
      content: `${name} is a ${role} of the cluster ${cluster.name}. mlk8s looks after it.\n`,
      mode: '644',
    }),
    symlink({ id: `motd/console@${name}`, on, needs: [`motd/text@${name}`], path: CONSOLE, target: TEXT }),
  ];
}
