import type { Credential } from '../engine/credentials.ts';
import { printable } from './printable.ts';

/** A table of what one logs in with, and where. `plan`: how that command is typed here. */
export function credentialLines(rows: readonly (Credential & { readonly address: string })[], plan: string): string[] {
  const cells = rows.map(({ name, address, user, password, secret }) =>
    [name, address, user, password ?? `not there (Secret ${secret}): ${plan} says what can be done`].map(printable),
  );
  const all = [['NAME', 'ADDRESS', 'USER', 'PASSWORD'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
