import { readSecrets } from '../config/secret-ref.ts';
import type { RunOptions } from '../engine/options.ts';
import type { Declared } from '../engine/types.ts';
import { UserError } from '../errors.ts';
import { secrets } from '../redact.ts';
import type { SecretSpec } from '../resources/secret.ts';
import type { Context } from './context.ts';
import type { Job } from './run.ts';

/**
 * The secrets that the cluster file gives by reference, for the steps of this run. Throws UserError when one is not at hand
 * and the run cannot do without. In a rehearsal they are made up: real ones are not for simulated machines.
 */
export async function givenSecrets(
  context: Context,
  job: Job,
  steps: RunOptions['steps'],
  warn: (where: string, text: string) => void,
): Promise<ReadonlyMap<string, string>> {
  const { cluster, flags } = job;
  const wanted = steps.filter(
    ({ name }) => (flags.only.length === 0 || flags.only.includes(name)) && !flags.skip.includes(name),
  );
  const refs = wanted.flatMap((step) => step.resources(cluster.file).flatMap(refsOf));
  if (refs.length === 0) return new Map();
  const { values, missing } = await readSecrets(cluster, refs, context.io.env);
  if (flags.rehearse) {
    for (const { where, seen } of missing) warn(where, `${seen.split('\n')[0]}; a real run needs it`);
    return new Map(refs.map((ref) => [ref, `simulated value of ${ref}`]));
  }
  if (job.needsSecrets && missing.length > 0) throw new UserError(missing);
  for (const value of values.values()) secrets.add(value);
  return values;
}

function refsOf(it: Declared): string[] {
  return it.kind === 'secret' ? Object.values((it.spec as SecretSpec).given ?? {}) : [];
}
