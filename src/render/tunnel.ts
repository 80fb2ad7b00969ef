import type { Service } from '../engine/types.ts';

/** What is said when a service can be reached at `address`. */
export function tunnelLines({ name, login }: Service, address: string): string[] {
  const how = login ? [`user ${login.user}; its password: mlk8s credentials ${name}`] : [];
  return [`${name}: ${address}`, ...how, 'Ctrl-C closes it.'];
}
