#!/usr/bin/env zx
// What a newcomer does, in a fresh clone with a home of its own: the commands of the README, and what they promise.
// Fails when a promise is not kept; figures are printed, and only the one minute for the first up is a promise.
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { $, tempdir } from 'zx';

const source = process.cwd();
const home = tempdir();
const clone = `${home}/mlk8s`;
const user = $({ cwd: clone, env: { PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8' }, quiet: true });
const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const sample = parse(readFileSync('templates/samples/home-lab.yaml', 'utf8'));
const machines = [...sample.nodes.map((it) => it.name), 'devbox'];
const lastEvent = (run) => JSON.parse(run.stdout.trim().split('\n').at(-1));

await $({ quiet: true })`git clone -q ${source} ${clone}`;
try {
  console.log(`npm ci: ${(await seconds(() => user`npm ci`)).toFixed(1)} s`);
  const before = new Set(readdirSync(home));
  const first = await seconds(() => user`npx mlk8s up --rehearse --yes`);
  console.log(`first up of ${machines.length} machines: ${first.toFixed(1)} s`);
  assert(first < 60, 'the first up of the sample takes less than a minute');
  await user`npx mlk8s status --rehearse`;
  const second = lastEvent(await user`npx mlk8s up --rehearse --yes --json`);
  console.log(`second up: ${second.changes} changes, execs ${JSON.stringify(second.execs)}, ${second.seconds} s`);
  assert.equal(second.changes, 0);
  assert.deepEqual(second.execs, Object.fromEntries(machines.map((name) => [name, 1])));
  const added = readdirSync(home).filter((name) => !before.has(name));
  assert.deepEqual(added, ['.local'], 'nothing new in the home but the state folder');
  console.log(`--version against node -e 0: ${await ratio()} (medians of 15 runs in turn)`);
} finally {
  await user({ nothrow: true })`npx mlk8s rehearsal reset`;
  await $({ quiet: true })`rm -rf ${home}`;
}

async function ratio() {
  const times = { version: [], node: [] };
  for (let i = 0; i < 15; i += 1) {
    times.version.push(await seconds(() => user`node bin/mlk8s.js --version`));
    times.node.push(await seconds(() => user`node -e 0`));
  }
  const median = (values) => values.sort((a, b) => a - b)[7];
  return (median(times.version) / median(times.node)).toFixed(2);
}
