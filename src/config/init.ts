import { stringify } from 'yaml';
import { DEFAULT_CHANNEL } from './channel.ts';

/** What `mlk8s init` knows when it writes a first cluster file. */
export interface InitInput {
  readonly name: string;
  readonly channel?: string;
  /** Login name on all machines. */
  readonly user?: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly role: 'control-plane' | 'worker';
    readonly local?: boolean;
    /** Login name and SSH port of this machine alone. */
    readonly user?: string;
    readonly port?: number;
  }[];
}

/** Text of a cluster file with comments for a newcomer. Whether the values are valid is for `parseCluster` to say. */
export function renderClusterFile(input: InitInput): string {
  return [
    '# The machines of this cluster and what they should be. After a change type: mlk8s up',
    '# All keys: docs/cluster-file.md',
    '',
    '# Name of the cluster; kubectl knows it by this name too.',
    `name: ${scalar(input.name)}`,
    '',
    'microk8s:',
    '  # <version>/<risk>. mlk8s never moves a cluster to another version by itself.',
    `  channel: ${scalar(input.channel ?? DEFAULT_CHANNEL)}`,
    '',
    ...sshLines(input.user),
    '# The machines. role: control-plane runs the API and keeps the data of the cluster (have one, or three);',
    '# worker only runs pods. Addresses must stay the same: reserve them in your router.',
    'nodes:',
    ...input.nodes.flatMap(nodeLines),
    '',
  ].join('\n');
}

function sshLines(user: string | undefined): string[] {
  const about = '# How the machines are reached. ~/.ssh/config counts too; each machine may have its own ssh: keys.';
  if (user === undefined) return [about, '# ssh:', '#   user: lab', ''];
  return [about, 'ssh:', `  user: ${scalar(user)}`, ''];
}

function nodeLines(node: InitInput['nodes'][number]): string[] {
  const ssh = [
    ...(node.user === undefined ? [] : [`      user: ${scalar(node.user)}`]),
    ...(node.port === undefined ? [] : [`      port: ${scalar(node.port)}`]),
  ];
  return [
    `  - name: ${scalar(node.name)}`,
    `    address: ${scalar(node.address)}`,
    `    role: ${scalar(node.role)}`,
    ...(node.local ? ['    # The machine that mlk8s runs on: no SSH.', '    local: true'] : []),
    ...(ssh.length > 0 ? ['    ssh:', ...ssh] : []),
  ];
}

/** The value as one line of YAML that means exactly it: quoted when it has to be, also for readers of YAML 1.1. */
function scalar(value: string | number): string {
  const text = stringify(value, { lineWidth: 0, blockQuote: false, compat: 'yaml-1.1' }).replace(/\n$/, '');
  return text.includes('\n') ? JSON.stringify(value) : text;
}
