import { expect, it } from 'vitest';
import { clientLines, tunnelLines } from '../../src/render/tunnel.ts';

const grafana = { name: 'grafana', namespace: 'observability', service: 'grafana', port: 80, web: true };
const client = { url: 'redis://:x@127.0.0.1:7001', command: 'REDISCLI_AUTH=x redis-cli -p 7001' };

it('a service is shown with its address, and where its password is to be had', () => {
  const login = { secret: 'grafana-admin', user: 'admin', passwordKey: 'password' };
  const [address, ...rest] = tunnelLines({ ...grafana, login }, 'http://127.0.0.1:7000');
  expect(address).toBe('grafana: http://127.0.0.1:7000');
  expect(rest).toEqual(['user admin; its password: mlk8s credentials grafana', 'Ctrl-C closes it.']);
  expect(tunnelLines(grafana, 'http://127.0.0.1:7000')).toEqual([address, 'Ctrl-C closes it.']);
});

it('a database is shown with an address for programs and a command to type', () => {
  expect(clientLines(client)).toEqual([client.url, '', `  ${client.command}`, '', 'Ctrl-C closes it.']);
});

it('a password that somebody put into a Secret drives no terminal', () => {
  expect(clientLines({ ...client, url: 'redis://:a\u001b[2Jb@127.0.0.1' })[0]).toBe('redis://:a[2Jb@127.0.0.1');
});

it('a service with a login for each user says where they are listed', () => {
  const users = [{ secret: 'login-anna', user: 'anna@lab', passwordKey: 'password', namespace: 'auth' }];
  expect(tunnelLines({ ...grafana, users }, 'http://127.0.0.1:7000')[1]).toBe(
    'who logs in, and with what: mlk8s credentials grafana',
  );
});
