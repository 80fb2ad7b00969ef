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
    ...unfitEntries(kubeflow, line),
    ...sameNames(kubeflow, line),
    ...sameEmails(kubeflow, value.network, line),
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
  // What else one can choose is in every release.
  if (release.stages.some(({ component }) => component === 'registry')) return [];
  return listed(components).flatMap((name, i) => {
    if (name !== 'registry') return [];
    const fault = {
      seen: `Kubeflow ${release.version} has no ${name}`,
      why: `that is the release for ${channel}`,
      next: [`Delete it here, or take a newer channel: ${DEFAULT_CHANNEL}`],
    };
    return [{ path: ['kubeflow', 'components', i], fault }];
  });
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const LEAVE_OUT = 'Leave it out; alone it is: components: minimal';

function wordInList(word: string, why: string, next: string): Fault {
  return { seen: `${quoted(word)} stands in a list of components`, why, next: [next] };
}

/** In a list `minimal` and `full` say nothing, and nothing is wanted twice. */
function unfitEntries({ components }: Loose, line: (path: Path) => number): Placed[] {
  const all = listed(components);
  return all.flatMap((name, i) => {
    if (typeof name !== 'string') return [];
    const path = ['kubeflow', 'components', i];
    const first = all.indexOf(name);
    if (name === 'minimal') return [{ path, fault: wordInList(name, 'it is always there', LEAVE_OUT) }];
    if (name === 'full') return [{ path, fault: wordInList(name, 'it means all of them', 'Write: components: full') }];
    if (first === i) return [];
    const seen = `${quoted(name)} stands in line ${line(['kubeflow', 'components', first])} already`;
    return [{ path, fault: { seen, why: 'each part is there once', next: ['Delete one of the two.'] } }];
  });
}

function sameNames(kubeflow: Loose, line: (path: Path) => number): Placed[] {
  return twins(listOf(kubeflow, 'users'), ({ name }) => name).map(({ text, first, i }) => {
    const seen = `name ${quoted(text)} stands in line ${line(['kubeflow', 'users', first, 'name'])} already`;
    const fault = { seen, why: 'each user has a namespace of its own', next: ['Give each user a name of its own.'] };
    return { path: ['kubeflow', 'users', i, 'name'], fault };
  });
}

/** Who has none is asked to log in with one that is made of the name. Dex takes large and small letters for the same. */
function sameEmails(kubeflow: Loose, network: unknown, line: (path: Path) => number): Placed[] {
  const users = listOf(kubeflow, 'users');
  const domain = isLoose(network) && typeof network.domain === 'string' ? network.domain : 'lab';
  const emailOf = ({ name, email = typeof name === 'string' ? `${name}@${domain}` : undefined }: Loose) =>
    typeof email === 'string' ? email.toLowerCase() : undefined;
  const isSaid = (i: number, first: number) => users[i]?.email === undefined && users[first]?.name === users[i]?.name;
  const found = twins(users, emailOf).filter(({ first, i }) => !isSaid(i, first));
  return found.map(({ text, first, i }) => {
    const seen = `another user logs in with ${quoted(text)} (line ${line(['kubeflow', 'users', first, 'name'])})`;
    const fault = {
      seen,
      why: 'that is how users are told apart',
      next: ['Write another e-mail address for one of them.'],
    };
    return { path: ['kubeflow', 'users', i, users[i]?.email === undefined ? 'name' : 'email'], fault };
  });
}

/** Entries with a text that an earlier one has, and which that is. */
function twins(
  users: readonly Loose[],
  textOf: (user: Loose) => unknown,
): { readonly text: string; readonly first: number; readonly i: number }[] {
  const texts = users.map(textOf);
  return texts.flatMap((text, i) => {
    const first = texts.indexOf(text);
    return typeof text === 'string' && first < i ? [{ text, first, i }] : [];
  });
}
