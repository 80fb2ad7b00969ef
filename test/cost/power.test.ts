import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { powerAsk } from '../../src/cost/asks.ts';
import { drawOf, powerOf } from '../../src/cost/power.ts';
import { wattsOf } from '../../src/cost/tables.ts';
import { power, RTX } from './sight.ts';

const look = (at: number, ...zones: string[]) => [`at ${at}`, ...zones];
const said = (...lines: string[]) => ['machine x86_64 3', ...lines, 'cards', ''].join('\n');
const RANGE = 262143328850;

describe('what a processor draws', () => {
  it.each<[string, string[], number | undefined]>([
    [
      'is counted between two looks',
      [
        ...look(100, `package-0 intel-rapl:0 1000000 ${RANGE}`),
        ...look(102, `package-0 intel-rapl:0 47000000 ${RANGE}`),
      ],
      23,
    ],
    [
      'is that of all processors and their memory, without the parts of them',
      [
        ...look(
          100,
          `package-0 intel-rapl:0 0 ${RANGE}`,
          `core intel-rapl:0:0 0 ${RANGE}`,
          `dram intel-rapl:0:2 0 ${RANGE}`,
          `package-1 intel-rapl:1 0 ${RANGE}`,
          `psys intel-rapl:2 0 ${RANGE}`,
        ),
        ...look(
          102,
          `package-0 intel-rapl:0 20000000 ${RANGE}`,
          `core intel-rapl:0:0 15000000 ${RANGE}`,
          `dram intel-rapl:0:2 4000000 ${RANGE}`,
          `package-1 intel-rapl:1 10000000 ${RANGE}`,
          `psys intel-rapl:2 90000000 ${RANGE}`,
        ),
      ],
      17,
    ],
    [
      'is right where a counter starts anew',
      [
        ...look(100, `package-0 intel-rapl:0 ${RANGE - 1_000_000} ${RANGE}`),
        ...look(101, `package-0 intel-rapl:0 9000000 ${RANGE}`),
      ],
      10,
    ],
    [
      'is not known where the counter does not move',
      [...look(100, `package-0 intel-rapl:0 5 ${RANGE}`), ...look(102, `package-0 intel-rapl:0 5 ${RANGE}`)],
      undefined,
    ],
    ['is not known after one look', look(100, `package-0 intel-rapl:0 5 ${RANGE}`), undefined],
    ['is not known where nothing counts', [...look(100), ...look(102)], undefined],
    [
      'is not known from no time',
      [...look(100, `package-0 intel-rapl:0 5 ${RANGE}`), ...look(100, `package-0 intel-rapl:0 9 ${RANGE}`)],
      undefined,
    ],
    [
      'is not known from words',
      [...look(100, 'package-0 intel-rapl:0 x y'), ...look(102, 'package-0 intel-rapl:0 x y')],
      undefined,
    ],
  ])('%s', (_, lines, watts) => {
    const { processor } = powerOf(said(...lines));
    if (watts === undefined) expect(processor).toBeUndefined();
    else expect(processor).toBeCloseTo(watts, 3);
  });
});

it('reads what cards draw, by the slots of the kernel', () => {
  const text = `${said()}00000000:01:00.0, 21.37\n00000000:0A:00.0, [N/A]\nNVIDIA-SMI has failed\n`;
  expect([...powerOf(text).cards]).toEqual([['0000:01:00.0', 21.37]]);
});

it.each([
  ['machine x86_64 35\ncards\n', 'x86_64', 35],
  ['machine aarch64 \ncards\n', 'aarch64', Number.NaN],
  ['', '', Number.NaN],
])('reads of %j what machine it is', (text, machine, chassis) => {
  expect(powerOf(text)).toMatchObject({ machine, chassis });
});

describe('what is drawn at the wall', () => {
  const draw = (inFile?: number, seen = power(), cards: readonly (typeof RTX)[] = [], asked = { cpu: 0, gpu: 0 }) =>
    drawOf(wattsOf(), inFile, seen, cards, asked);

  it('is what the file says, whatever is measured', () => {
    expect(draw(85, power({ processor: 20 }))).toEqual({ watts: 85, from: ['file'], says: 'the cluster file' });
    expect(draw(0).watts).toBe(0);
  });

  it('is what is measured, with board and power supply', () => {
    const { watts, from, says } = draw(undefined, power({ processor: 23 }));
    expect(watts).toBeCloseTo((23 + 45) * 1.175, 3);
    expect([from, says]).toEqual([['measured'], 'measured: processor 23 W; with board and power supply']);
  });

  it('is measured for the card and of the table for the rest, and says so', () => {
    const { watts, from, says } = draw(undefined, power({ cards: new Map([[RTX.slot, 20]]) }), [RTX]);
    expect(watts).toBeCloseTo(50 + 20 * 1.175, 3);
    expect(from).toEqual(['measured', 'table']);
    expect(says).toBe('table: desktop, tower or server, cards 20 W measured');
  });

  it.each([
    [0, 0, 70],
    [0.5, 0, 75],
    [0, 1, 400],
    [1, 1, 410],
  ])('is of the table between idle and load: %d of the cores, %d of the cards asked for', (cpu, gpu, watts) => {
    expect(draw(undefined, power(), [RTX], { cpu, gpu })).toMatchObject({ watts, from: ['table'] });
  });

  it('leaves out a card that no table has, and names it', () => {
    const card = { ...RTX, model: 'GeForce 9999' };
    expect(draw(undefined, power(), [card])).toEqual({
      watts: 50,
      from: ['table'],
      says: 'table: desktop, tower or server; not counted: GeForce 9999',
    });
  });

  it.each([
    ['x86_64', 35, 'laptop or mini PC'],
    ['x86_64', 10, 'laptop or mini PC'],
    ['x86_64', 23, 'desktop, tower or server'],
    ['x86_64', Number.NaN, 'desktop, tower or server'],
    ['aarch64', Number.NaN, 'single-board computer'],
  ])('of a %s with chassis %d is that of a %s', (machine, chassis, kind) => {
    expect(draw(undefined, power({ machine, chassis })).says).toBe(`table: ${kind}`);
  });
});

it('is asked in a way that a machine understands', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mlk8s-power-'));
  try {
    const zone = join(dir, 'class/powercap/intel-rapl:0');
    mkdirSync(join(dir, 'class/dmi/id'), { recursive: true });
    mkdirSync(zone, { recursive: true });
    mkdirSync(join(dir, 'bin'));
    const files = { name: 'package-0', energy_uj: '1000', max_energy_range_uj: '9000000' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(zone, name), `${text}\n`);
    writeFileSync(join(dir, 'class/dmi/id/chassis_type'), '3\n');
    // Time passes, and the counter goes on.
    const programs = {
      sleep: `#!/bin/bash\necho 5001000 > ${zone}/energy_uj\nexec /bin/sleep 0.05\n`,
      'nvidia-smi': '#!/bin/bash\necho "00000000:01:00.0, 30.5"\n',
    };
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(dir, 'bin', name), text);
      chmodSync(join(dir, 'bin', name), 0o755);
    }
    const script = powerAsk('rig1').sh.bash.replaceAll('/sys/', `${dir}/`);
    const env = { PATH: `${dir}/bin:${process.env.PATH}` };
    const seen = powerOf(spawnSync('bash', ['--norc', '-c', script], { env }).stdout.toString());
    expect(seen).toMatchObject({ chassis: 3, cards: new Map([['0000:01:00.0', 30.5]]) });
    // 5 J within a twentieth of a second, or somewhat more
    expect(seen.processor).toBeGreaterThan(1);
    expect(seen.processor).toBeLessThan(100);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
