import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, isMet, table } from './figures.ts';
import { rehearsals } from './rehearsals.ts';
import { startUp } from './startup.ts';

const say = (text: string) => console.error(text);
/** By their letters; those of the lab need root. */
const PARTS: Readonly<Record<string, (runs: number) => Promise<Figure[]>>> = {
  d: (runs) => rehearsals(runs, say),
  e: startUp,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    runs: { type: 'string', default: '7' },
    report: { type: 'string', default: join(tmpdir(), 'mlk8s-bench.json') },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: a whole number above 0 is wanted`);

const figures: Figure[] = [];
const load = [loadavg()[0]];
for (const letter of values.only.split(',')) {
  const part = PARTS[letter];
  if (!part) throw new Error(`--only ${letter}: there is ${Object.keys(PARTS).join(', ')}`);
  say(`(${letter}) …`);
  figures.push(...(await part(runs)));
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
