import * as z from 'zod';
import { channel, DEFAULT_CHANNEL } from './channel.ts';
import * as rules from './rules.ts';

/** Most machines in one file: far more than a home has, and as many as mlk8s is willing to open connections to. */
const MAX_NODES = 250;

/** A text that keeps a rule; the fault travels as `params` of the issue, the pattern into the JSON Schema. */
function text(rule: rules.Rule): z.ZodString {
  return z
    .string()
    .check((context) => {
      const fault = rule.fault(context.value);
      if (fault) context.issues.push({ code: 'custom', input: context.value, message: fault.seen, params: { fault } });
    })
    .meta({ pattern: rule.pattern });
}

const ssh = z.strictObject({
  user: text(rules.userName).optional().describe('Login name; default from ~/.ssh/config, else your own'),
  port: z.int().min(1).max(65535).optional().describe('SSH port; default from ~/.ssh/config, else 22'),
  identityFile: text(rules.identityFile)
    .optional()
    .describe('Private key; default from ~/.ssh/config, the agent, or ~/.ssh/id_*'),
  jump: text(rules.jump).optional().describe('Jump host as [user@]host[:port]; default ProxyJump of ~/.ssh/config'),
  hostKey: text(rules.hostKey).optional().describe('Fingerprint (SHA256:…) that the host must show'),
});

const role = z.enum(['control-plane', 'worker']);
const effect = z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']);

const taint = z.strictObject({
  key: text(rules.labelKey).describe('Key of the taint, [prefix/]name'),
  value: text(rules.labelValue).default('').describe('Value of the taint'),
  effect: effect.describe('What happens to pods that do not tolerate it'),
});

const node = z.strictObject({
  name: text(rules.name).describe('Host name and node name: lowercase letters, digits, hyphens'),
  address: text(rules.ipv4).describe('IPv4 address that the other nodes reach it by'),
  role: role.default('worker').describe('What it does: control-plane runs the API and its database, and work too'),
  local: z.boolean().default(false).describe('This is the machine that mlk8s runs on: no SSH'),
  labels: z.record(text(rules.labelKey), text(rules.labelValue)).default({}).describe('Kubernetes labels'),
  taints: z.array(taint).default([]).describe('Kubernetes taints'),
  ssh: ssh.default({}).describe('SSH settings of this node; they win over those of the cluster'),
});

/** The single source of types, defaults, checks of single values, the JSON Schema and the tables in the docs. */
export const clusterSchema = z.strictObject({
  name: text(rules.name).describe('Name of the cluster and of its kubeconfig context'),
  microk8s: z
    .strictObject({ channel: text(channel).default(DEFAULT_CHANNEL).describe('Snap channel, <track>/<risk>') })
    .prefault({})
    .describe('Which MicroK8s is installed'),
  ssh: ssh.default({}).describe('SSH defaults of all nodes'),
  node: z
    .strictObject({
      dataDir: text(rules.dataDir).default('/data/microk8s').describe('Where volumes are kept on every node'),
      timeSync: z.boolean().default(true).describe('Keep the clocks of all machines right'),
      sleep: z.enum(['prevent', 'leave']).default('prevent').describe('Lid and suspend; a local machine is left alone'),
    })
    .prefault({})
    .describe('How every machine is prepared'),
  nodes: z.array(node).min(1).max(MAX_NODES).describe('The machines'),
});

/** A valid cluster file with all defaults filled in. */
export type Cluster = z.infer<typeof clusterSchema>;
export type ClusterNode = Cluster['nodes'][number];

/** One entry of `nodes` as a user writes it: what has a default may be left out. */
export type NodeInput = z.input<typeof node>;
