/** A revision of a snap in a channel. */
export interface Revision {
  version: string;
  revision: number;
  /** Release date and size as `snap info` shows them. */
  date: string;
  size: string;
}

/** What `snap info` tells of a snap, and what its installation takes. */
export interface StoreSnap {
  publisher: string;
  summary: string;
  snapId: string;
  classic: (channel: string) => boolean;
  /** Channel of an install that names none (sheet microk8s 1.1: a numbered one). */
  defaultChannel: string;
  /** Snaps that a first install brings along. */
  base?: string;
  channels: Readonly<Record<string, Revision>>;
  /** Model seconds of download and installation. */
  seconds: number;
}

/** Newest patch of each track (sheet microk8s 1.1; patch numbers and revisions are illustrative, section 7). */
const MICROK8S: readonly [track: string, version: string, revision: number, date: string][] = [
  ['1.28', 'v1.28.15', 7430, '2025-03-14'],
  ['1.29', 'v1.29.15', 7985, '2025-10-12'],
  ['1.30', 'v1.30.14', 8480, '2026-05-20'],
  ['1.31', 'v1.31.14', 8484, '2026-05-20'],
  ['1.32', 'v1.32.13', 8490, '2026-05-20'],
  ['1.33', 'v1.33.11', 8460, '2026-04-30'],
  ['1.34', 'v1.34.8', 8560, '2026-06-14'],
  ['1.35', 'v1.35.5', 8580, '2026-06-18'],
];

function microk8sChannels(): Record<string, Revision> {
  const channels: Record<string, Revision> = {};
  for (const [track, version, revision, date] of MICROK8S) {
    for (const risk of ['stable', 'candidate', 'beta', 'edge']) {
      channels[`${track}/${risk}`] = { version, revision, date, size: '182MB' };
    }
    if (Number(track.slice(2)) < 30) continue;
    channels[`${track}-strict/stable`] = { version, revision: revision + 3, date, size: '182MB' };
  }
  // 1.36 was branched but no stable release is proved.
  for (const risk of ['candidate', 'edge']) {
    channels[`1.36/${risk}`] = { version: 'v1.36.1', revision: 8610, date: '2026-09-17', size: '186MB' };
  }
  for (const risk of ['stable', 'candidate', 'beta', 'edge']) {
    channels[`latest/${risk}`] = { version: 'v1.34.8', revision: 8560, date: '2026-06-14', size: '182MB' };
  }
  return channels;
}

/** The client has the tracks of the server. */
function kubectlChannels(): Record<string, Revision> {
  const tracks = Object.entries(microk8sChannels()).filter(([channel]) => !/-strict|latest/.test(channel));
  return Object.fromEntries(
    tracks.map(([channel, it]) => [channel, { ...it, version: it.version.slice(1), size: '22MB' }]),
  );
}

function small(version: string, revision: number, channel: string): Record<string, Revision> {
  return { [channel]: { version, revision, date: '2026-06-02', size: '60MB' } };
}

const strict = { publisher: 'Canonical✓', classic: () => false, defaultChannel: 'latest/stable', seconds: 20 };

export const STORE: Readonly<Record<string, StoreSnap>> = {
  microk8s: {
    publisher: 'Canonical✓',
    summary: 'Kubernetes for workstations and appliances',
    snapId: 'EaXqgt1lyCaxKaQCU349mlodBkDCXRcg',
    classic: (channel) => !channel.includes('-strict'),
    defaultChannel: '1.32/stable',
    base: 'core22',
    channels: microk8sChannels(),
    seconds: 75,
  },
  kubectl: {
    publisher: 'Canonical✓',
    summary: 'kubectl controls the Kubernetes cluster manager',
    snapId: 'simulated-kubectl',
    classic: () => true,
    defaultChannel: '1.34/stable',
    channels: kubectlChannels(),
    seconds: 15,
  },
  'dbeaver-ce': {
    ...strict,
    publisher: 'dbeaver-corp',
    summary: 'Universal database manager',
    snapId: 'simulated-dbeaver-ce',
    channels: small('25.2.3', 403, 'latest/stable'),
  },
  core20: {
    ...strict,
    summary: 'Runtime environment',
    snapId: 'DLqre5XGLbDqg9jPtiAhRRjDuPVa5X1q',
    channels: small('20240416', 2318, 'latest/stable'),
  },
  core22: {
    ...strict,
    summary: 'Runtime environment',
    snapId: 'amcUKQILKXHHTlmSa7NMdnXSx02dNeeT',
    channels: small('20260410', 2411, 'latest/stable'),
  },
  snapd: {
    ...strict,
    summary: 'Daemon and tooling',
    snapId: 'PMrrV4ml8uWuEUDBT8dSGnKUYbevVhc4',
    channels: small('2.77', 26382, 'latest/stable'),
  },
  'hello-world': {
    ...strict,
    summary: 'The hello world',
    snapId: 'buPKUD3TKqCOgLEjjHx5kSiCpIs5cMuQ',
    channels: small('6.4', 29, 'latest/stable'),
  },
  jq: {
    ...strict,
    publisher: 'mvo',
    summary: 'jq is a JSON processor',
    snapId: 'zgCxZLVhnnLIvYHcBtZUCUMWJLDKJTVC',
    channels: small('1.5', 6, 'latest/stable'),
  },
};

const RISKS = ['stable', 'candidate', 'beta', 'edge'];

/** `1.35` → `1.35/stable`, `edge` → `latest/edge`: the full name of a channel; undefined where it can be none. */
export function fullChannel(snap: StoreSnap, word: string | undefined): string | undefined {
  if (word === undefined) return snap.defaultChannel;
  const parts = word.split('/');
  if (word === '' || parts.length > 2 || parts.includes('')) return undefined;
  if (parts.length === 2) return RISKS.includes(parts[1] ?? '') ? word : undefined;
  return RISKS.includes(word) ? `latest/${word}` : `${word}/stable`;
}

/** `latest/stable` is shown as `stable`. */
export function shownChannel(channel: string): string {
  return channel.replace(/^latest\//, '');
}
