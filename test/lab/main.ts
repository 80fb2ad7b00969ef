import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { owner, removeLeftovers } from './ground.ts';
import { Lab } from './lab.ts';
import { NPM, PASSWORD, STATE, USER } from './places.ts';

const USAGE = `${NPM} -- up [MACHINES]   starts so many machines (5) and leaves them standing
${NPM} -- down            switches them off and removes everything of them`;
const READY = join(STATE, 'ready');
const LOG = `${STATE}.log`;
const [command = '', count = '5'] = process.argv.slice(2);

try {
  if (command === 'up' && /^[1-9][0-9]?$/.test(count)) await up();
  else if (command === 'down') await down();
  else if (command === 'serve') await serve(Number(count));
  else throw new Error(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Starts the process that keeps the machines, and prints how to use them. Ctrl-C ends that process, too. */
async function up(): Promise<void> {
  const other = owner();
  if (other !== undefined) {
    throw new Error(`a lab is up already, by process ${other}
remove it: ${NPM} -- down
or have another one beside it: MLK8S_LAB=1 npm run lab -- up`);
  }
  const log = openSync(LOG, 'w');
  const server = spawn(process.execPath, [process.argv[1] ?? '', 'serve', count], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  let stopped = false;
  const stop = () => {
    stopped = true;
    console.log('removing it again');
    server.kill('SIGTERM');
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  console.log(`starting ${count} machines; the first time, their file tree is made, which takes about a minute`);
  while (stopped || !existsSync(READY)) {
    if (server.exitCode !== null || server.signalCode !== null) {
      if (stopped) return;
      throw new Error(readFileSync(LOG, 'utf8'));
    }
    await wait(100);
  }
  server.unref();
  console.log(`
${readFileSync(READY, 'utf8')}
The cluster file is ${join(STATE, 'mlk8s.yaml')}, and the machines' host keys are in ${join(STATE, 'known_hosts')}.
Log in as ${USER} (password: ${PASSWORD}) or root: ssh -i ${join(STATE, 'key')} -o UserKnownHostsFile=${join(STATE, 'known_hosts')} root@ADDRESS
Remove them: ${NPM} -- down`);
}

async function serve(machines: number): Promise<void> {
  const stop = new AbortController();
  const asked = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  process.on('SIGTERM', () => stop.abort());
  const lab = await Lab.up(machines, {}, { say: (text) => console.log(text), signal: stop.signal });
  const file = lab.clusterFile(machines >= 3 ? 3 : 1);
  writeFileSync(join(STATE, 'mlk8s.yaml'), file);
  const known = lab.machines.map(({ address, hostKey }) => `${address} ${hostKey}\n`);
  writeFileSync(join(STATE, 'known_hosts'), known.join(''));
  writeFileSync(READY, file);
  // The machines keep no timer of this program.
  const timer = setInterval(() => undefined, 60_000);
  await asked;
  clearInterval(timer);
  await lab.down();
  process.exit(0);
}

async function down(): Promise<void> {
  const other = owner();
  if (other !== undefined) {
    console.log('switching the machines off');
    process.kill(other, 'SIGTERM');
  }
  for (let tries = 0; owner() !== undefined; tries++) {
    if (tries === 300) throw new Error(`process ${other}, which has the lab, does not end: see ${LOG}`);
    await wait(100);
  }
  await removeLeftovers();
  console.log('no lab is up, and nothing of one is left');
}
