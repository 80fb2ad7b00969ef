import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { labStage } from './lab-stage.ts';
import { choosePoints, describePoint, type Sample } from './points.ts';
import { prove, type Result, type Undisturbed, undisturbed, unproved } from './proof.ts';
import { rehearsalStage } from './rehearsal-stage.ts';
import { againCommand, failure, resultLine, table } from './report.ts';

const options = inject('chaos');
const stage = options.lab ? labStage : rehearsalStage;
const all = choosePoints(options.points, options.seed, options.lab);
const points = options.only.length === 0 ? all : all.filter(({ number }) => options.only.includes(number));

describe(`up that was disturbed, and up again: ${points.length} points, seed ${options.seed}`, () => {
  const samples = new Map<Sample, Undisturbed>();
  const results: Result[] = [];
  const started = performance.now();

  beforeAll(async () => {
    // The computer is as busy as later, so that the moments fall where they are meant to.
    const copies = Array.from({ length: Math.min(2, options.atOnce) });
    const measure = async (sample: Sample) => {
      const runs = await Promise.all(copies.map(() => undisturbed(stage, sample)));
      const [first, ...others] = runs as [Undisturbed, ...Undisturbed[]];
      for (const other of others) expect(other.whole).toEqual(first.whole);
      samples.set(sample, first);
      console.log(`undisturbed ${sample}: ${first.yard.seconds.toFixed(1)} s, ${first.yard.events} events`);
    };
    await Promise.all([...new Set(points.map((point) => point.sample))].map(measure));
  });

  afterAll(() => {
    const seconds = (performance.now() - started) / 1000;
    console.log(table(results, seconds));
    const failed = results.filter(({ wrong }) => wrong.length > 0);
    for (const { point } of failed) console.log(`to repeat: ${againCommand(point, options)}`);
    const report = { ...options, seconds, results: results.toSorted((a, b) => a.point.number - b.point.number) };
    writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`report: ${options.report}`);
  });

  it.concurrent.each(points.map((point) => [point.number, describePoint(point), point] as const))(
    '%i: %s',
    async (_number, _text, point) => {
      const on = samples.get(point.sample) as Undisturbed;
      const result = await prove(stage, point, on, options.only.length > 0).catch((error: unknown) =>
        unproved(point, `this proof broke: ${error}`),
      );
      results.push(result);
      console.log(resultLine(result, options.points));
      if (result.wrong.length > 0) expect.fail(failure(result, options));
    },
  );
});
