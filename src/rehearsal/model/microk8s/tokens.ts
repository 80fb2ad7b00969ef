import { createHash } from 'node:crypto';
import type { RigFiles } from '../command.ts';
import type { ClusterState } from '../state.ts';
import { SD } from './site.ts';

/** The check of a join URL: the first 12 hex digits of the SHA-256 of the DER of `server.crt` (sheet 2.2). */
export function certificateCheck(files: RigFiles): string {
  const body = (files.read(`${SD}/certs/server.crt`) ?? '').replace(/-----[^-]+-----|\s/g, '');
  return createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex').slice(0, 12);
}

/** 32 hex digits. */
export function makeToken(next: () => number): string {
  return createHash('sha256').update(`token ${next()}`).digest('hex').slice(0, 32);
}

/** Is the token good on this rig? One for a single use is used up by being asked for. */
export function redeem(cluster: ClusterState, rig: string, token: string, now: number): boolean {
  const found = cluster.tokens.find(
    (t) => t.rig === rig && t.token === token && (t.expires === null || t.expires > now),
  );
  if (!found) return false;
  if (found.ttl === -1) cluster.tokens = cluster.tokens.filter((t) => t !== found);
  return true;
}
