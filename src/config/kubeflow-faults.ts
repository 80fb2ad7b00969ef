/** Rules of `kubeflow:` that no single value can keep. Tolerant of values of a wrong type. */
import { allReleases, releaseFor } from '../kubeflow/releases.ts';
import { DEFAULT_CHANNEL } from './channel.ts';
import { isLoose, type Loose, listOf, type Placed } from './loose.ts';
import { type Fault, quoted } from './rules.ts';
import type { Path } from './tree.ts';

export function kubeflowFaults(value: unknown, line: (path: Path) => number): Placed[] {
  const kubeflow = isLoose(value) ? value.kubeflow : undefined;
  if (!isLoose(value) || !isLoose(kubeflow)) return [];
  return [
    ...missingSections(value).map((fault) => ({ path: ['kubeflow'], fault })),
    ...unfitTrack(value, kubeflow),
    ...twins(kubeflow, 'name', line),
    ...twins(kubeflow, 'email', line),
  ];
}

function missingSections({ storage, network }: Loose): Fault[] {
  const noStorage = {
    seen: 'kubeflow without storage',
    why: 'notebooks, pipelines and their databases keep what they know in volumes, and nothing in the file makes volumes',
    next: ['Add a section storage: "storage: {}" will do. See docs/storage.md.'],
  };
  const noCertificates = {
    seen: `kubeflow without ${isLoose(network) ? 'certificates' : 'network'}`,
    why: 'its webhooks answer with certificates of cert-manager, which comes with network.tls',
    next: [
      isLoose(network) ? 'Write: tls: true' : 'Add a section network: "network: {}" will do. See docs/network.md.',
    ],
  };
  const certified = isLoose(network) && network.tls !== false;
  return [...(storage === undefined ? [noStorage] : []), ...(certified ? [] : [noCertificates])];
}

/** facts: ml-platform sheet, 1.1 */
function unfitTrack({ microk8s }: Loose, { components }: Loose): Placed[] {
  const channel = isLoose(microk8s) ? (microk8s.channel ?? DEFAULT_CHANNEL) : DEFAULT_CHANNEL;
  if (typeof channel !== 'string' || !/^1\.\d+\//.test(channel)) return [];
  const release = releaseFor(channel);
  if (!release) {
    const pairs = allReleases().map(({ version, tracks }) => `Kubeflow ${version} is for ${tracks.join(' and ')}`);
    const fault = {
      seen: `no Kubeflow for the channel ${channel}`,
      why: `${pairs.join(', ')}: Istio and Knative in it take no other Kubernetes`,
      next: [`Write for example: channel: ${DEFAULT_CHANNEL}`, 'Or delete the section kubeflow.'],
    };
    return [{ path: ['kubeflow'], fault }];
  }
  // TensorBoard comes with the notebooks of some releases.
  const brought = new Set(['tensorboard', ...release.stages.map(({ component }) => component)]);
  return listed(components).flatMap((name, i) => {
    if (name !== 'registry' || brought.has(name)) return [];
    const fault = {
      seen: `Kubeflow ${release.version} has no ${name}`,
      why: `that is the release for ${channel}; its own set does not have it either`,
      next: ['Delete it here, or take a newer channel.'],
    };
    return [{ path: ['kubeflow', 'components', i], fault }];
  });
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function twins(kubeflow: Loose, key: 'name' | 'email', line: (path: Path) => number): Placed[] {
  const first = new Map<string, number>();
  return listOf(kubeflow, 'users').flatMap((user, i): Placed[] => {
    const text = user[key];
    if (typeof text !== 'string') return [];
    const before = first.get(text);
    if (before === undefined) {
      first.set(text, i);
      return [];
    }
    const seen = `${key} ${quoted(text)} stands in line ${line(['kubeflow', 'users', before, key])} already`;
    const why = key === 'name' ? 'each user has a namespace of its own' : 'each user logs in for itself';
    return [
      { path: ['kubeflow', 'users', i, key], fault: { seen, why, next: [`Give each user a ${key} of its own.`] } },
    ];
  });
}
