import { DEVBOX, devboxBeside } from '../config/machines.ts';
import { WORKSTATION } from '../config/rules-devbox.ts';
import { UserError } from '../errors.ts';
import type { Context } from './context.ts';
import { checkMachines } from './known.ts';
import { needCluster } from './session.ts';

interface Flags {
  readonly file?: string;
  readonly json?: boolean;
}

/** Runs a command on a simulated machine and passes its exit code on. */
export async function execInRig(context: Context, flags: Flags, name: string, argv: readonly string[]): Promise<void> {
  const { file } = await needCluster(context, { ...flags, rehearse: true });
  checkMachines('machine', [name], file, { more: [WORKSTATION] });
  const { exec } = await context.parts.rehearsal();
  // One machine has both names.
  const isWorkstation = name === DEVBOX && devboxBeside(file)?.local;
  context.finish(await exec(file.name, isWorkstation ? WORKSTATION : name, argv));
}

/** Prints all that the simulation knows. */
export async function dumpRigs(context: Context, flags: Flags): Promise<void> {
  const cluster = await needCluster(context, { ...flags, rehearse: true });
  const { dump } = await context.parts.rehearsal();
  const state = await dump(cluster.file.name);
  context.io.stdout.write(`${JSON.stringify(state, null, flags.json ? 0 : 2)}\n`);
}

/** Throws the simulated machines away: those of one cluster, or all that there are. */
export async function resetRigs(context: Context, flags: Flags & { readonly all?: boolean }): Promise<void> {
  const cluster = flags.all ? undefined : await clusterToReset(context, flags);
  const { reset } = await context.parts.rehearsal();
  const gone = await reset(cluster);
  const names = cluster ?? gone.join(', ');
  const text = names === '' ? 'There are no simulated machines' : `The simulated machines of ${names} are gone`;
  context.io.stdout.write(`${text}; no real machine was touched.\n`);
}

/** A cluster file that is wrong does not say whose machines are meant: then only all can go. */
async function clusterToReset(context: Context, flags: Flags): Promise<string> {
  try {
    return (await needCluster(context, { ...flags, rehearse: true })).file.name;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const all = 'mlk8s rehearsal reset --all throws away the simulated machines of all clusters';
    const last = error.problems.length - 1;
    const problems = error.problems.map((it, index) => (index === last ? { ...it, next: [...it.next, all] } : it));
    throw new UserError(problems, error.exitCode);
  }
}
