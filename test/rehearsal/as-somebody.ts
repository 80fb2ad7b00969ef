import { join } from 'node:path';
import type { UserError } from '../../src/errors.ts';
import { openRehearsal } from '../../src/rehearsal/client.ts';
import { rehearsalReset } from '../../src/rehearsal/operate.ts';
import { toyFile } from './toy.ts';

// Run as another user: a whole rehearsal, and what is left of it.
const server = join(import.meta.dirname, 'rehearsal-server.mjs');
const hosts = await openRehearsal(toyFile(), { server }).catch((error: UserError) => {
  process.stderr.write(JSON.stringify(error.problems));
  process.exit(error.exitCode);
});
const { stdout } = await hosts.node('rig1').exec('echo "$(id -un) on $(hostname)"', { deadlineS: 60 });
process.stdout.write(stdout);
await hosts.close();
process.stdout.write(`${JSON.stringify({ removed: await rehearsalReset('toy') })}\n`);
