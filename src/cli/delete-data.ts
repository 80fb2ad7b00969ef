import type { Cluster } from '../config/schema.ts';
import { clusterSchema } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { checkKnown } from './known.ts';
import type { PlanFlags } from './options.ts';

const FLAG = '--delete-data';
/** The step that looks after databases. They are in the cluster, and on no host. */
const STEP = 'databases';
const DATABASES = Object.keys(clusterSchema.shape.databases.unwrap().shape);

/** Refuses to give up the data of what is no database, is still asked for or is left out. Nobody guesses what was meant. */
export function checkDeleteData(flags: PlanFlags, { databases = {} }: Cluster): void {
  const { deleteData = [], prune } = flags;
  checkKnown(FLAG, deleteData, DATABASES, false);
  const [name] = deleteData;
  if (name !== undefined && !prune) {
    throw new UserError({
      where: 'command line',
      seen: `${FLAG} ${name} without --prune`,
      why: 'data goes with a database that left the cluster file, and --prune is what removes that',
      next: [pruning(deleteData)],
    });
  }
  const limit = name === undefined ? undefined : leavingOut(flags);
  if (limit !== undefined) {
    throw new UserError({
      where: 'command line',
      seen: `${FLAG} ${deleteData.join(', ')} with ${limit}`,
      why: `that leaves the databases out of the run: nothing of ${deleteData.join(', ')} would be deleted`,
      next: [pruning(deleteData)],
    });
  }
  const asked = deleteData.filter((it) => databases[it as keyof typeof databases] !== undefined);
  if (asked.length === 0) return;
  throw new UserError({
    where: 'command line',
    seen: `${FLAG} ${asked.join(', ')}: the cluster file asks for ${asked.length === 1 ? 'it' : 'them'}`,
    why: 'only the data of what left the file is deleted',
    next: [`take ${asked.join(', ')} out of the section databases first`],
  });
}

function pruning(names: readonly string[]): string {
  return `mlk8s up --prune ${names.map((it) => `${FLAG} ${it}`).join(' ')}`;
}

/** The flag that keeps the run from the databases. */
function leavingOut({ only, skip, host }: PlanFlags): string | undefined {
  if (only.length > 0 && !only.includes(STEP)) return `--only ${only.join(', ')}`;
  if (skip.includes(STEP)) return `--skip ${STEP}`;
  return host.length > 0 ? `--host ${host.join(', ')}` : undefined;
}
