import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from './figures.ts';
import { inFolder, inTurn, MLK8S, median, mustRun } from './measure.ts';

/** Exit code of `plan` for a file that is not valid. */
const INVALID = 3;
const BAD_FILE = 'name: bad\nnodes:\n  - name: rig1\n    adress: 10.0.0.1\n    role: boss\n';

/** (e) What a command costs before it does anything, beside Node that does nothing. */
export async function startUp(runs: number): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, BAD_FILE);
    const env = { HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
    const ms = (args: readonly string[], codes?: number[]) => async () =>
      (await mustRun([process.execPath, ...args], { cwd: folder, env }, codes)).ms;
    const all = await inTurn(3 * runs, {
      'node -e 0': ms(['-e', '0']),
      '--version': ms([MLK8S, '--version']),
      '--help': ms([MLK8S, '--help']),
      'plan on a bad file': ms([MLK8S, 'plan', '-f', file], [INVALID]),
    });
    const figures = Object.entries(all).map(
      ([what, values]): Figure => ({ part: 'e', what, value: median(values), unit: 'ms', runs: values }),
    );
    const ratio = median(all['--version']) / median(all['node -e 0']);
    return [
      ...figures,
      { part: 'e', what: '--version against node -e 0', value: ratio, unit: 'times', target: { most: 1.5 } },
    ];
  });
}
