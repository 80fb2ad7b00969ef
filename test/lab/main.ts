import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { removeLeftovers } from './ground.ts';
import { Lab, ownerOf } from './lab.ts';
import { PASSWORD, STATE, USER } from './places.ts';

const USAGE = `npm run lab -- up [MACHINES]   starts so many machines (5) and leaves them standing
npm run lab -- down            switches them off and removes everything of them`;
const READY = join(STATE, 'ready');
const [command = '', count = '5'] = process.argv.slice(2);

if (command === 'up' && /^[1-9][0-9]?$/.test(count)) await up();
else if (command === 'down') await down();
else if (command === 'serve') await serve(Number(count));
else {
  console.error(USAGE);
  process.exitCode = 1;
}

/** Starts the process that keeps the machines, and prints how to use them. */
async function up(): Promise<void> {
  if (ownerOf(STATE) !== undefined) throw new Error('a lab is up already: npm run lab -- down');
  mkdirSync(STATE, { recursive: true });
  const log = openSync(`${STATE}.log`, 'w');
  const server = spawn(process.execPath, [process.argv[1] ?? '', 'serve', count], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  console.log(`starting ${count} machines; the first time, their file tree is made, which takes about a minute`);
  while (!existsSync(READY)) {
    if (server.exitCode !== null) throw new Error(readFileSync(`${STATE}.log`, 'utf8'));
    await wait(100);
  }
  server.unref();
  const machines = readFileSync(READY, 'utf8');
  console.log(`
${machines}
The cluster file is ${join(STATE, 'mlk8s.yaml')}, and the machines' host keys are in ${join(STATE, 'known_hosts')}.
Log in as ${USER} (password: ${PASSWORD}) or root: ssh -i ${join(STATE, 'key')} -o UserKnownHostsFile=${join(STATE, 'known_hosts')} root@ADDRESS
Remove them: npm run lab -- down`);
}

async function serve(machines: number): Promise<void> {
  let lab: Lab | undefined;
  const end = async () => {
    await lab?.down();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  lab = await Lab.up(machines, {}, (text) => console.log(text));
  const file = lab.clusterFile(machines >= 3 ? 3 : 1);
  writeFileSync(join(STATE, 'mlk8s.yaml'), file);
  const known = lab.machines.map(({ address, hostKey }) => `${address} ${hostKey}\n`);
  writeFileSync(join(STATE, 'known_hosts'), known.join(''));
  writeFileSync(READY, file);
  // The machines keep no timer of this program.
  setInterval(() => undefined, 60_000);
}

async function down(): Promise<void> {
  const owner = ownerOf(STATE);
  if (owner !== undefined) process.kill(owner, 'SIGTERM');
  for (let tries = 0; ownerOf(STATE) !== undefined; tries++) {
    if (tries === 300) throw new Error(`the lab's process ${owner} does not end`);
    await wait(100);
  }
  await removeLeftovers();
}
