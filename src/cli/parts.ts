import { secrets } from '../redact.ts';
import type { Hosts } from '../transport/host.ts';
import type { OpenOptions } from '../transport/open.ts';
import type { Prompts } from '../transport/prompts.ts';
import type { Asker } from './ask.ts';
import type { HostsWish, Parts } from './context.ts';

/** The real parts: each import happens when a command needs it, so that `--help` loads none of them. */
export const realParts: Parts = {
  find: async (query) => (await import('../config/find.ts')).findClusterFile(query),
  load: async (path) => (await import('../config/load.ts')).loadCluster(path),
  openHosts,
  publicKeys: async (wish, node) => (await import('../transport/open.ts')).publicKeysFor(wish.file, node),
  installKey: async (wish, node, login) =>
    (await import('../transport/open.ts')).installUserKey(wish.file, node, login, openOptions(wish)),
  steps: async () => (await import('../steps/index.ts')).steps,
  checks: async () => (await import('../steps/preflight/index.ts')).checks,
  engine: () => import('../engine/index.ts'),
  rehearsal: async () => {
    const { rehearsalExec, rehearsalDump, rehearsalReset } = await import('../rehearsal/operate.ts');
    return { exec: rehearsalExec, dump: rehearsalDump, reset: rehearsalReset };
  },
};

async function openHosts(wish: HostsWish): Promise<Hosts> {
  const { file, faults } = wish;
  if (wish.rehearsal) return (await import('../rehearsal/client.ts')).openRehearsal(file, { faults });
  return (await import('../transport/open.ts')).openHosts(file, openOptions(wish));
}

function openOptions({ acceptNewHostKeys, warn, asker }: HostsWish): OpenOptions {
  secrets.add(process.env.MLK8S_SUDO_PASSWORD ?? '');
  return { acceptNewHostKeys, warn, ...(asker.canAsk ? { prompt: promptsOf(asker) } : {}) };
}

/** A password that was typed is a secret from the first moment. */
function promptsOf(asker: Asker): Prompts {
  return {
    confirm: (question) => asker.yes(question.trim()),
    secret: async (question) => {
      const answer = await asker.secret(question.trim());
      secrets.add(answer);
      return answer;
    },
  };
}
