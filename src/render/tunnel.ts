import type { Client, Service } from '../engine/types.ts';
import { printable } from './printable.ts';

/** The last line of each: how it ends. */
const END = 'Ctrl-C closes it.';

/** What is said when a service can be reached at `address`. */
export function tunnelLines({ name, login, users = [] }: Service, address: string): string[] {
  const how = login ? [`user ${login.user}; its password: mlk8s credentials ${name}`] : [];
  if (users.length > 0) how.push(`who logs in, and with what: mlk8s credentials ${name}`);
  return [`${name}: ${address}`, ...how, END];
}

/** What is said when a program can use a database. The login is in it, as it stands in the cluster. */
export function clientLines({ url, command }: Client): string[] {
  return [url, '', `  ${command}`, '', END].map(printable);
}
