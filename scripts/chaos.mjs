// The crash proof: disturbs first runs of `up` at many points, and sees that the next one ends as if nothing had
// happened. `npm run test:chaos -- --points 24 --seed 7`; `--point 5 --point 9` plays only those of them;
// `--lab` plays them on real machines (needs root, see test/lab).
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const { values } = parseArgs({
  options: {
    lab: { type: 'boolean', default: false },
    points: { type: 'string', default: process.env.MLK8S_CHAOS_POINTS },
    seed: { type: 'string', default: '1' },
    point: { type: 'string', multiple: true, default: [] },
    'at-once': { type: 'string' },
    report: { type: 'string', default: join(tmpdir(), 'mlk8s-chaos.json') },
  },
});
const number = (name, text) => {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--${name} ${text}: a whole number above 0 is wanted`);
};
// Half of the time a point waits for simulated work. There is one lab.
const atOnce = values.lab ? 1 : number('at-once', values['at-once'] ?? String(2 * availableParallelism()));
await startVitest('test', [], {
  config: false,
  watch: false,
  include: ['test/chaos/chaos.test.ts'],
  globalSetup: 'test/build.ts',
  testTimeout: 300_000,
  hookTimeout: 600_000,
  maxConcurrency: atOnce,
  disableConsoleIntercept: true,
  provide: {
    chaos: {
      points: number('points', values.points ?? (values.lab ? '20' : '200')),
      seed: number('seed', values.seed),
      only: values.point.map((text) => number('point', text)),
      lab: values.lab,
      atOnce,
      report: values.report,
    },
  },
});
