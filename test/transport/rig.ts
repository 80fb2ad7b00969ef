import { realClock } from '../../src/transport/clock.ts';
import type { Clock } from '../../src/transport/host.ts';
import { fingerprint, pinned } from '../../src/transport/host-keys.ts';
import { SshHost, type SshHostOptions } from '../../src/transport/ssh.ts';
import { privateKey } from '../../src/transport/ssh-auth.ts';
import type { SshTarget } from '../../src/transport/ssh-connect.ts';
import { makeKey } from './keys.ts';
import { type Behaviour, startServer, type TestServer } from './server.ts';

export interface Rig {
  readonly server: TestServer;
  readonly host: SshHost;
  close(): Promise<void>;
}

export const userKey = makeKey();

/** Deadlines that pass `times` faster: keepalive and connect limits of seconds in fractions of one. */
export function fastClock(times: number): Clock {
  const ms = (seconds: number) => (seconds * 1000) / times;
  return { ...realClock, deadlineMs: ms, execMs: ms };
}

type Overrides = Partial<Omit<SshHostOptions, 'target'>> & { target?: Partial<SshTarget> };

/** A server with this behaviour and a host that is connected to nothing yet. */
export async function rig(behaviour: Behaviour = {}, overrides: Overrides = {}): Promise<Rig> {
  const server = await startServer(behaviour);
  const host = hostFor(server, overrides);
  return {
    server,
    host,
    close: async () => {
      await host.close();
      await server.close();
    },
  };
}

export function hostFor(server: TestServer, overrides: Overrides = {}): SshHost {
  return new SshHost({
    name: 'rig1',
    clock: realClock,
    hostKeys: pinned('rig1', fingerprint(server.hostKey.blob)),
    ...overrides,
    target: {
      host: '127.0.0.1',
      port: server.port,
      user: 'ada',
      credentials: async () => [privateKey(userKey.private, 'key id_test')],
      ...overrides.target,
    },
  });
}
