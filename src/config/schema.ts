import * as z from 'zod';
import { CHARTS } from '../charts/keys.ts';
import { channel, DEFAULT_CHANNEL } from './channel.ts';
import * as rules from './rules.ts';
import * as networkRules from './rules-network.ts';
import * as storageRules from './rules-storage.ts';
import { databases } from './schema-databases.ts';
import { devbox } from './schema-devbox.ts';
import { kubeflow } from './schema-kubeflow.ts';
import { STORAGE_CLASSES } from './storage-classes.ts';
import { text } from './text.ts';

/** Most machines in one file: far more than a home has, and as many as mlk8s is willing to open connections to. */
const MAX_NODES = 250;

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

const pool = z.strictObject({
  node: text(rules.name).describe('Machine that the disk is in'),
  disk: text(storageRules.diskById).describe('An empty disk, as /dev/disk/by-id/…; all that is on it is lost'),
});

const storage = z.strictObject({
  openebs: z.boolean().default(true).describe('Class openebs-hostpath: folders below node.dataDir, by OpenEBS'),
  hostpath: z.boolean().default(false).describe('Class microk8s-hostpath: the addon hostpath-storage of MicroK8s'),
  mayastor: z
    .strictObject({
      pools: z.array(pool).min(1).max(MAX_NODES).describe('Whole disks for it, on at least three machines'),
    })
    .optional()
    .describe('Class openebs-single-replica: replicated volumes by Mayastor'),
  nfs: z
    .strictObject({
      server: text(storageRules.server).describe('Name or address of the NFS server'),
      share: text(storageRules.share).describe('Folder that it exports'),
    })
    .optional()
    .describe('Class nfs-csi: folders on an NFS server that is there already'),
  defaultClass: z
    .enum(STORAGE_CLASSES)
    .optional()
    .describe('Class of claims that name none; default the first one of this list that is asked for'),
  registry: z
    .strictObject({ sizeGi: z.int().min(1).max(65536).default(40).describe('Size of its volume, in GiB') })
    .optional()
    .describe('A registry for your own images, registry.local:32000 on every machine'),
});

const gpu = z.strictObject({
  mode: z
    .enum(['auto', 'operator', 'device-plugin'])
    .default('auto')
    .describe('How pods get at NVIDIA cards; auto: device-plugin on a single machine, else operator'),
  driver: z
    .enum(['host', 'operator', 'none'])
    .default('host')
    .describe("Who installs NVIDIA's driver: mlk8s from Ubuntu's packages, the operator in a container, or you"),
  sharing: z.int().min(1).max(64).default(1).describe('How many pods share one card, in turns (time-slicing)'),
});

const range = z.strictObject({
  from: text(rules.ipv4).describe('First address'),
  to: text(rules.ipv4).describe('Last address'),
});

const network = z.strictObject({
  domain: text(networkRules.domain).default('lab').describe('Names of the services end in it: grafana.lab'),
  ingress: z.boolean().default(true).describe('Serve names on ports 80 and 443 of the machines: the addon ingress'),
  loadBalancer: range
    .optional()
    .describe('Free addresses of your network, outside of what the router hands out, for MetalLB'),
  tls: z.boolean().default(true).describe('Certificates by cert-manager, with a certificate authority of your own'),
});

const secretRef = (variable: string, file: string) => text(networkRules.secretRef(variable, file));

const alerts = z.strictObject({
  email: z
    .strictObject({
      to: text(networkRules.mail).describe('Who gets the mails'),
      from: text(networkRules.mail).describe('Sender of the mails'),
      server: text(networkRules.hostPort).describe('Mail server as host:port'),
      user: z.string().min(1).optional().describe('Login at the mail server'),
      password: secretRef('SMTP_PASSWORD', 'smtp').optional().describe('Where its password is: env:NAME or file:PATH'),
    })
    .optional()
    .describe('Alerts by e-mail'),
  telegram: z
    .strictObject({
      chat: z.int().min(-9_999_999_999_999).max(9_999_999_999_999).describe('Number of the chat'),
      token: secretRef('TELEGRAM_TOKEN', 'telegram').describe('Where the token of the bot is: env:NAME or file:PATH'),
    })
    .optional()
    .describe('Alerts by a Telegram bot'),
  ntfy: z
    .strictObject({
      url: text(networkRules.url).describe('Address of the topic, for example https://ntfy.sh/my-lab'),
      token: secretRef('NTFY_TOKEN', 'ntfy').optional().describe('Where the access token is: env:NAME or file:PATH'),
    })
    .optional()
    .describe('Alerts by ntfy'),
  webhook: z
    .strictObject({
      url: secretRef('ALERT_WEBHOOK', 'webhook').describe(
        'Where the address is, which may hold a secret: env:NAME or file:PATH',
      ),
    })
    .optional()
    .describe('Alerts to a web address'),
});

const monitoring = z.strictObject({
  retentionDays: z.int().min(1).max(3650).default(15).describe('How long Prometheus keeps what it measured'),
  sizeGi: z.int().min(1).max(65536).default(20).describe('Size of the volume of Prometheus, in GiB'),
  pushgateway: z.boolean().default(true).describe('Take in metrics of jobs that end before anybody asks them'),
  alerts: alerts.default({}).describe('Who is told when something is wrong'),
});

const cost = z.strictObject({
  opencost: z.boolean().default(true).describe('OpenCost in the cluster; it needs monitoring'),
  currency: z.enum(['EUR', 'USD', 'GBP', 'CHF']).default('EUR').describe('Currency of all prices'),
  kilowattHour: z.number().min(0).max(10).default(0.3).describe('What a kilowatt hour costs you'),
  watts: z
    .record(text(rules.name), z.number().min(0).max(10_000))
    .default({})
    .describe('What a machine draws on average, where you have measured it'),
});

/** One optional entry for each chart. */
function perChart<T extends z.ZodType>(entry: (chart: string) => T) {
  const entries = CHARTS.map((chart) => [chart, entry(chart).optional()] as const);
  return z.strictObject(Object.fromEntries(entries) as Record<(typeof CHARTS)[number], z.ZodOptional<T>>).prefault({});
}

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
  storage: storage.optional().describe('Where volumes of pods are kept'),
  gpu: gpu.optional().describe('Graphics cards that pods compute on'),
  network: network.optional().describe('How services are reached from outside of the cluster'),
  monitoring: monitoring.optional().describe('Prometheus, Grafana and alerts'),
  cost: cost.optional().describe('What the cluster costs'),
  databases: databases.optional().describe('Databases in the cluster'),
  kubeflow: kubeflow.optional().describe('Kubeflow: notebooks, pipelines, training and serving of models'),
  devbox: devbox.optional().describe('A machine that somebody works at: its tools'),
  values: perChart((chart) => z.record(z.string(), z.unknown()).describe(`Values of the chart ${chart}`)).describe(
    'Helm values of your own, merged over those of mlk8s',
  ),
  charts: perChart((chart) =>
    text(storageRules.localChart).describe(`Folder or archive of the chart ${chart} on this machine`),
  ).describe('Charts that are not fetched from the internet'),
});

/** A valid cluster file with all defaults filled in. */
export type Cluster = z.infer<typeof clusterSchema>;
export type ClusterNode = Cluster['nodes'][number];

/** One entry of `nodes` as a user writes it: what has a default may be left out. */
export type NodeInput = z.input<typeof node>;
