import { z } from 'zod';

/** MicroK8s channel when the file names none. facts: platform sheet, section 1. */
export const DEFAULT_CHANNEL = '1.35/stable';

const ssh = z.strictObject({
  user: z.string().optional().describe('Login name; default from ~/.ssh/config, else your own'),
  port: z.int().min(1).max(65535).optional().describe('SSH port; default from ~/.ssh/config, else 22'),
  identityFile: z.string().optional().describe('Private key; default from ~/.ssh/config, the agent, or ~/.ssh/id_*'),
  jump: z.string().optional().describe('Jump host as [user@]host[:port]; default ProxyJump of ~/.ssh/config'),
  hostKey: z.string().optional().describe('Fingerprint (SHA256:…) that the host must show'),
});

const role = z.enum(['control-plane', 'worker']);
const effect = z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']);

const node = z.strictObject({
  name: z.string().describe('Host name and node name: lowercase letters, digits, hyphens'),
  address: z.string().describe('IPv4 address that the other nodes reach it by'),
  role: role.default('worker').describe('control-plane or worker'),
  local: z.boolean().default(false).describe('This is the machine that mlk8s runs on: no SSH'),
  labels: z.record(z.string(), z.string()).default({}).describe('Kubernetes labels'),
  taints: z
    .array(z.strictObject({ key: z.string(), value: z.string().default(''), effect }))
    .default([])
    .describe('Kubernetes taints'),
  ssh: ssh.default({}).describe('SSH settings of this node; they win over those of the cluster'),
});

export const clusterSchema = z.strictObject({
  name: z.string().describe('Name of the cluster and of its kubeconfig context'),
  microk8s: z
    .strictObject({ channel: z.string().default(DEFAULT_CHANNEL).describe('Snap channel, <track>/<risk>') })
    .prefault({}),
  ssh: ssh.default({}).describe('SSH defaults of all nodes'),
  node: z
    .strictObject({
      dataDir: z.string().default('/data/microk8s').describe('Where volumes are kept on every node'),
      timeSync: z.boolean().default(true),
      sleep: z.enum(['prevent', 'leave']).default('prevent').describe('Lid and suspend; a local machine is left alone'),
      dns: z.array(z.string()).optional().describe('Name servers of the cluster DNS; default those of the host'),
    })
    .prefault({})
    .describe('How every machine is prepared'),
  nodes: z.array(node).describe('The machines'),
});

/** A valid cluster file with all defaults filled in. */
export type Cluster = z.infer<typeof clusterSchema>;
export type ClusterNode = Cluster['nodes'][number];
