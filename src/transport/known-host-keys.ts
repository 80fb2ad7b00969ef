import type { Problem } from '../errors.ts';
import { HostError } from './host.ts';
import { fingerprint, type HostKeyVerifier } from './host-keys.ts';
import { addKnownHost, type KnownHost, lookUp, preferredAlgorithms, readKnownHosts } from './known-hosts.ts';
import type { InTurn } from './prompts.ts';

/** By which files, and under which name, the key of a host is checked. */
export interface KnownHostKeysOptions {
  /** For people. */
  readonly where: string;
  /** How the files call the host, see `knownName`. */
  readonly name: string;
  /** The user's files, read only. */
  readonly files: readonly string[];
  /** Our file, read after them; accepted keys go there. */
  readonly own: string;
  /** Takes keys of hosts that no file knows without a question. */
  readonly acceptNew: boolean;
  readonly inTurn: InTurn;
}

/** Takes the keys that known_hosts files know, and asks at the first contact. */
export function knownHostKeys(o: KnownHostKeysOptions): HostKeyVerifier {
  const { name } = o;
  const entries = () => readKnownHosts([...o.files, o.own]);
  return {
    algorithms: async () => preferredAlgorithms(await entries(), name),
    verify: async (key) => {
      if (judge(o, name, key, await entries())) return;
      await o.inTurn(async (person) => {
        // While it waited for its turn, another connection to the same machine may have settled it.
        if (judge(o, name, key, await entries())) return;
        const question =
          `First contact with ${o.where}. Its key is ${fingerprint(key)}.\n` +
          'To compare, type on that machine: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\nTrust it?';
        if (!o.acceptNew && !person) throw new HostError('host-key', nobodyToAsk(o, key));
        if (!o.acceptNew && !(await person?.confirm(question))) throw new HostError('host-key', declined(o, key));
        await addKnownHost(o.own, name, key);
      });
    },
  };
}

/** true: known; false: unknown; throws when the key is wrong. */
function judge(o: KnownHostKeysOptions, name: string, key: Buffer, entries: readonly KnownHost[]): boolean {
  const known = lookUp(entries, name, key);
  if (known.outcome === 'revoked') throw new HostError('host-key', revoked(o, key, known.entry));
  if (known.outcome === 'changed') throw new HostError('host-key', changed(o, name, key, known.entry));
  return known.outcome === 'known';
}

function changed(o: KnownHostKeysOptions, name: string, key: Buffer, entry: KnownHost): Problem {
  return {
    where: o.where,
    seen: `the host shows key ${fingerprint(key)}, but ${entry.file} knows ${fingerprint(entry.key)}`,
    why: 'the machine was reinstalled, another one has its address now, or somebody is in between',
    next: [
      'see the key on the machine itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
      `if it is the new one, forget the old: ssh-keygen -R '${name}' -f '${entry.file}'`,
    ],
  };
}

function revoked(o: KnownHostKeysOptions, key: Buffer, entry: KnownHost): Problem {
  return {
    where: o.where,
    seen: `the host shows key ${fingerprint(key)}, which ${entry.file} marks as revoked`,
    why: 'somebody who had a copy of that key could pretend to be this machine',
    next: ['on that machine: sudo rm /etc/ssh/ssh_host_* && sudo ssh-keygen -A && sudo systemctl restart ssh'],
  };
}

function nobodyToAsk(o: KnownHostKeysOptions, key: Buffer): Problem {
  return {
    where: o.where,
    seen: `the host is not known yet, and there is no terminal to ask on; its key is ${fingerprint(key)}`,
    next: [
      'run the command in a terminal, or with --accept-new-host-keys',
      `or pin it in the cluster file: ssh: { hostKey: '${fingerprint(key)}' }`,
    ],
  };
}

function declined(o: KnownHostKeysOptions, key: Buffer): Problem {
  return {
    where: o.where,
    seen: `key ${fingerprint(key)} was not accepted`,
    why: 'mlk8s talks only to machines whose key you trust',
    next: ['run the same mlk8s command again when you have compared the key'],
  };
}
