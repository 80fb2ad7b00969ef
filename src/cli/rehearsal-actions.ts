import type { Context } from './context.ts';
import { checkKnown } from './known.ts';
import { nodeNames } from './run.ts';
import { needCluster } from './session.ts';

interface Flags {
  readonly file?: string;
  readonly json?: boolean;
}

/** Runs a command on a simulated machine and passes its exit code on. */
export async function execInRig(context: Context, flags: Flags, name: string, argv: readonly string[]): Promise<void> {
  const cluster = await needCluster(context, { ...flags, rehearse: true });
  checkKnown('machine', [name], [...nodeNames(cluster), 'workstation']);
  const { exec } = await context.parts.rehearsal();
  context.finish(await exec(cluster.file.name, name, argv));
}

/** Prints all that the simulation knows. */
export async function dumpRigs(context: Context, flags: Flags): Promise<void> {
  const cluster = await needCluster(context, { ...flags, rehearse: true });
  const { dump } = await context.parts.rehearsal();
  const state = await dump(cluster.file.name);
  context.io.stdout.write(`${JSON.stringify(state, null, flags.json ? 0 : 2)}\n`);
}

/** Throws the simulated machines away. */
export async function resetRigs(context: Context, flags: Flags): Promise<void> {
  const cluster = await needCluster(context, { ...flags, rehearse: true });
  const { reset } = await context.parts.rehearsal();
  await reset(cluster.file.name);
  context.io.stdout.write(`The simulated machines of ${cluster.file.name} are gone; no real machine was touched.\n`);
}
