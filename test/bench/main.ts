import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, isMet, table } from './figures.ts';
import { idle } from './idle.ts';
import { jobCost } from './job-cost.ts';
import { rehearsals } from './rehearsals.ts';
import { startUp } from './startup.ts';

const say = (text: string) => console.error(text);
type Letters = ReadonlySet<string>;
/** Each with the letters of what it measures; those of the lab (a, b, c) need root. */
const PARTS: Readonly<Record<string, (runs: number, wanted: Letters) => Promise<Figure[]>>> = {
  ab: (runs, wanted) => idle(runs, wanted, say),
  c: (runs) => jobCost(runs, say),
  d: (runs) => rehearsals(runs, say),
  e: startUp,
};
const ALL = Object.keys(PARTS).join('');

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: [...ALL].join(',') },
    runs: { type: 'string', default: '7' },
    report: { type: 'string', default: join(tmpdir(), 'mlk8s-bench.json') },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: a whole number above 0 is wanted`);

const wanted = new Set(values.only.split(','));
const unknown = [...wanted].find((letter) => letter.length !== 1 || !ALL.includes(letter));
if (unknown !== undefined) throw new Error(`--only ${unknown}: there is ${[...ALL].join(', ')}`);

const figures: Figure[] = [];
const load = [loadavg()[0]];
for (const [letters, part] of Object.entries(PARTS)) {
  const asked = [...letters].filter((letter) => wanted.has(letter));
  if (asked.length === 0) continue;
  say(`(${asked.join(', ')}) …`);
  figures.push(...(await part(runs, wanted)));
  load.push(loadavg()[0]);
}
console.log(table(figures));
const machine = {
  cores: availableParallelism(),
  processor: cpus()[0]?.model,
  memoryMB: Math.round(totalmem() / 2 ** 20),
  node: process.version,
  /** Of the last minute: before the first part and after each. Other work than ours shows here. */
  load,
};
const judged = figures.map((figure) => ({ ...figure, met: isMet(figure) }));
writeFileSync(
  values.report,
  `${JSON.stringify({ at: new Date().toISOString(), runs, machine, figures: judged }, null, 2)}\n`,
);
console.log(`\n${values.report}`);
