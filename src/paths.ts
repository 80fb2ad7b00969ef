import { homedir } from 'node:os';
import { join } from 'node:path';

/** mlk8s' own folder on the workstation: journals, its known_hosts, rehearsals. XDG base directory specification. */
export function stateDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'mlk8s');
}

/** Everything of one rehearsed cluster: its machines' disks, its model, its cluster file, its journal. */
export function rehearsalDir(cluster: string): string {
  return join(stateDir(), 'rehearsal', cluster);
}

/** Where the journal of a cluster lies; a rehearsal has one of its own. */
export function journalDir(cluster: string, rehearsal: boolean): string {
  return rehearsal ? join(rehearsalDir(cluster), 'journal') : join(stateDir(), 'journal', cluster);
}
