import { expect, it } from 'vitest';
import type { HostErrorKind } from '../../src/transport/host.ts';
import { notForwarded } from '../../src/transport/streams.ts';

const AT = { where: 'rig1 (lab@10.0.0.101)', address: '10.152.183.7', port: 80, gone: undefined };

it.each<[what: string, message: string, gone: string | undefined, kind: HostErrorKind, seen: string]>([
  [
    'nobody who listens',
    '(SSH) Channel open failure: Connection refused',
    undefined,
    'unreachable',
    'nobody answers at 10.152.183.7:80: (SSH) Channel open failure: Connection refused',
  ],
  [
    'a server that forwards nothing',
    '(SSH) Channel open failure: open failed: administratively prohibited',
    undefined,
    'auth',
    'the SSH server opens no connection to 10.152.183.7:80: (SSH) Channel open failure: open failed: administratively prohibited',
  ],
  [
    'a connection that was lost meanwhile',
    'Not connected',
    'keepalive timeout',
    'lost',
    'the connection went away before 10.152.183.7:80 was reached: keepalive timeout',
  ],
])('names %s', (_, message, gone, kind, seen) => {
  const error = notForwarded(new Error(message), { ...AT, gone });
  expect([error.kind, error.problem.seen]).toEqual([kind, seen]);
  expect(error.problem.next.length).toBeGreaterThan(0);
});
