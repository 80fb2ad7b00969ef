import { anotherPort, identityKey, userKey } from './file-keys.ts';
import { HostError, type HostErrorKind } from './host.ts';
import type { AuthQueue } from './ssh-auth.ts';

/** How far a connect came: TCP, first word of the server, key exchange, login. */
export type Stage = 'connect' | 'banner' | 'handshake' | 'auth';

/** What is known about a connect that failed. */
export interface ConnectContext {
  readonly where: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly stage: Stage;
  readonly auth: Pick<AuthQueue, 'tried' | 'offered'>;
  /** Time limit of the connect. */
  readonly seconds: number;
}

interface Diagnosis {
  readonly kind?: HostErrorKind;
  readonly seen: string;
  readonly why: string;
  readonly next: readonly string[];
}

/** Says what a failed connect means and what to do about it. */
export function connectProblem(error: unknown, at: ConnectContext): HostError {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  const key = typeof code === 'string' && code !== 'ETIMEDOUT' ? code : message;
  const found = CAUSES.find(([pattern]) => pattern.test(key))?.[1] ?? unknown;
  const { kind = 'unreachable', seen, why, next } = found(at, message);
  return new HostError(kind, { where: at.where, seen, why, next });
}

type Cause = (at: ConnectContext, message: string) => Diagnosis;

const CAUSES: readonly (readonly [RegExp, Cause])[] = [
  [/^ECONNREFUSED$|Connection refused/, refused],
  [/^(ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/, noName],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/, noRoute],
  [/^(ENOENT|ENOTSOCK)$/, noSocket],
  [/^ECONNRESET$|^EPIPE$|Connection lost|No response from server|Not connected/, hungUp],
  [/Timed out|^ETIMEDOUT$/, timedOut],
  [/no matching/, nothingInCommon],
  [/Too many authentication failures/, tooManyKeys],
  [/authentication methods failed/, notLetIn],
  [/Channel open failure/, forwardRefused],
  [/Bad packet length|Invalid|Unexpected|Protocol|identification|version/i, notSsh],
];

function refused({ where, host, port }: ConnectContext): Diagnosis {
  return {
    seen: `nothing listens on port ${port} of ${host} (connection refused)`,
    why: 'the machine is up, but its SSH server is not installed, not running, or on another port',
    next: [
      'on that machine: sudo apt-get install openssh-server && sudo systemctl enable --now ssh',
      anotherPort(where),
    ],
  };
}

function noName({ host }: ConnectContext): Diagnosis {
  return {
    seen: `the name ${host} has no address`,
    why: 'it is mistyped, or the name service does not know it',
    next: [`look it up: getent hosts ${host}`, 'or write the IPv4 address of the machine into the cluster file'],
  };
}

function noRoute({ host }: ConnectContext, message: string): Diagnosis {
  return {
    seen: `${host} cannot be reached: ${message}`,
    why: 'the machine is off or asleep, its cable or Wi-Fi is down, or this computer is in another network',
    next: [`check the way: ping -c 3 ${host}`, 'check that the machine is on, and its address in the cluster file'],
  };
}

function noSocket(_: ConnectContext, message: string): Diagnosis {
  return {
    seen: `the socket to speak SSH over is not there: ${message}`,
    why: 'what should serve it does not run',
    next: ['run the same mlk8s command again'],
  };
}

function hungUp({ host, port, stage }: ConnectContext, message: string): Diagnosis {
  if (stage === 'connect' || stage === 'banner') {
    return {
      seen: `port ${port} of ${host} took the connection and dropped it without an SSH greeting (${message})`,
      why: 'what listens there is no SSH server, or it refuses this address or so many logins at once (fail2ban, MaxStartups)',
      next: [`see what it says: ssh -v -p ${port} ${host}`, 'wait a minute and run the same mlk8s command again'],
    };
  }
  return {
    seen: `the connection to ${host} was lost ${stage === 'auth' ? 'during the login' : 'during the key exchange'} (${message})`,
    why: 'the network is unsteady, or the SSH server cut off the login',
    next: ['run the same mlk8s command again', `if it stays so: ssh -v -p ${port} ${host}`],
  };
}

function timedOut({ host, port, stage, seconds }: ConnectContext): Diagnosis {
  const seen = {
    connect: `no answer from ${host} port ${port} within ${seconds} s`,
    banner: `port ${port} of ${host} took the connection but sent no SSH greeting within ${seconds} s`,
    handshake: `the key exchange with ${host} was not finished within ${seconds} s`,
    auth: `${host} did not answer the login within ${seconds} s`,
  }[stage];
  if (stage === 'connect') {
    return {
      seen,
      why: 'the machine is off or asleep, the address is wrong, or a firewall drops the packets',
      next: [`check the way: ping -c 3 ${host}`, `on that machine: sudo ufw allow ${port}/tcp`],
    };
  }
  return {
    seen,
    why: 'what listens there is no SSH server, or the machine is overloaded or hangs',
    next: [`see what it says: ssh -v -p ${port} ${host}`, 'restart the machine if it hangs'],
  };
}

function nothingInCommon({ host, port }: ConnectContext, message: string): Diagnosis {
  return {
    seen: `no common algorithm with the SSH server: ${message.replace(/^Handshake failed: /, '')}`,
    why: 'the SSH server is very old, or was limited to algorithms that mlk8s does not speak',
    next: [`see what it offers: ssh -v -p ${port} ${host}`, 'on that machine: sudo apt-get install openssh-server'],
  };
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'nothing: no key was found' : items.join(', ');
}

function tooManyKeys({ where, user, auth }: ConnectContext): Diagnosis {
  return {
    kind: 'auth',
    seen: `the server hung up after too many keys for ${user}; tried ${list(auth.tried)}`,
    why: 'the agent holds many keys, and a server takes only a few wrong ones (MaxAuthTries)',
    next: [`name the right key: ${identityKey(where)}`, 'see what the agent holds: ssh-add -l'],
  };
}

function notLetIn(at: ConnectContext): Diagnosis {
  const { where, user, host, port, auth } = at;
  if (auth.tried.some((it) => it.startsWith('password'))) return wrongPassword(at);
  const passwordOnly = auth.offered.length > 0 && !auth.offered.includes('publickey');
  const target = `${port === 22 ? '' : `-p ${port} `}${user}@${host}`;
  const takes = auth.offered.length > 0 ? `; the server takes ${auth.offered.join(', ')}` : '';
  return {
    kind: 'auth',
    seen: `the login as ${user} was refused; tried ${list(auth.tried)}${takes}`,
    why: passwordOnly
      ? 'the SSH server takes no keys (PubkeyAuthentication no)'
      : `no key tried is in ~/.ssh/authorized_keys of ${user}, or that user does not exist there`,
    next: passwordOnly
      ? ['on that machine: set "PubkeyAuthentication yes" in /etc/ssh/sshd_config and sudo systemctl reload ssh']
      : [
          `put your key there: ssh-copy-id ${target}`,
          'no key yet? ssh-keygen -t ed25519',
          `another user or key: change ${userKey(where)}, or name the key: ${identityKey(where)}`,
        ],
  };
}

function wrongPassword({ user, auth }: ConnectContext): Diagnosis {
  const takesPassword = auth.offered.includes('password') || auth.offered.includes('keyboard-interactive');
  return {
    kind: 'auth',
    seen: takesPassword ? `the password of ${user} was not accepted` : 'the SSH server takes no passwords',
    why: takesPassword
      ? `it was mistyped, ${user} does not exist there, or a second factor is wanted`
      : 'its configuration says PasswordAuthentication no',
    next: [
      'run the same mlk8s command again and type the password of that machine',
      'or put your key there by hand: the line of ~/.ssh/id_ed25519.pub into ~/.ssh/authorized_keys of that machine',
    ],
  };
}

function forwardRefused({ host, port }: ConnectContext, message: string): Diagnosis {
  return {
    seen: `the jump host cannot reach ${host} port ${port}: ${message.replace('(SSH) Channel open failure: ', '')}`,
    why: 'the machine is off, has no SSH server there, or the jump host does not allow forwarding',
    next: [`from the jump host: nc -vz ${host} ${port}`, 'on the jump host: AllowTcpForwarding yes in sshd_config'],
  };
}

function notSsh({ where, host, port }: ConnectContext, message: string): Diagnosis {
  return {
    seen: `port ${port} of ${host} does not speak SSH: ${message}`,
    why: 'another service listens there, or something in between changes the bytes',
    next: [`see what it says: nc ${host} ${port}`, anotherPort(where)],
  };
}

function unknown({ host, port }: ConnectContext, message: string): Diagnosis {
  return {
    seen: `the connection failed: ${message}`,
    why: 'this is no failure that mlk8s knows',
    next: [`see what ssh says: ssh -v -p ${port} ${host}`],
  };
}
