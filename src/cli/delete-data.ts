import type { Cluster } from '../config/schema.ts';
import { clusterSchema } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { checkKnown } from './known.ts';
import type { PlanFlags } from './options.ts';

const FLAG = '--delete-data';
const DATABASES = Object.keys(clusterSchema.shape.databases.unwrap().shape);
/** What the namespaces of Kubeflow's users begin with. Those of users who left the file are known to the cluster only. */
const USER = 'kubeflow-';

/** Refuses to give up data of what nobody knows, is still asked for or is left out. Nobody guesses what was meant. */
export function checkDeleteData(flags: PlanFlags, { databases = {}, kubeflow }: Cluster): void {
  const { deleteData = [], prune } = flags;
  const others = deleteData.filter((it) => !it.startsWith(USER));
  const unknown = others.find((it) => !DATABASES.includes(it.toLowerCase()));
  if (unknown !== undefined && kubeflow) throw needsPrefix(unknown);
  checkKnown(FLAG, others, [...DATABASES, `${USER}NAME`], false);
  const [name] = deleteData;
  if (name === undefined) return;
  if (!prune) {
    throw new UserError({
      where: 'command line',
      seen: `${FLAG} ${name} without --prune`,
      why: 'data goes with what left the cluster file, and --prune is what removes that',
      next: [pruning(deleteData)],
    });
  }
  for (const one of deleteData) {
    const step = one.startsWith(USER) ? 'kubeflow' : 'databases';
    const limit = leavingOut(step, flags);
    if (limit === undefined) continue;
    throw new UserError({
      where: 'command line',
      seen: `${FLAG} ${one} with ${limit}`,
      why: `that leaves the step ${step} out of the run: nothing of ${one} would be deleted`,
      next: [pruning(deleteData)],
    });
  }
  const users = kubeflow?.users.map((user) => `${USER}${user.name}`) ?? [];
  const asked = deleteData.filter((it) => databases[it as keyof typeof databases] !== undefined || users.includes(it));
  if (asked.length === 0) return;
  throw new UserError({
    where: 'command line',
    seen: `${FLAG} ${asked.join(', ')}: the cluster file asks for ${asked.length === 1 ? 'it' : 'them'}`,
    why: 'only the data of what left the file is deleted',
    next: asked.map(takeOut),
  });
}

function needsPrefix(name: string): UserError {
  return new UserError({
    where: 'command line',
    seen: `${FLAG} ${name}: there is no "${name}"`,
    why: 'what a user of Kubeflow has is named by its namespace',
    next: [`did you mean ${FLAG} ${USER}${name}?`, `known are: ${DATABASES.join(', ')}, ${USER}NAME`],
  });
}

function takeOut(name: string): string {
  return name.startsWith(USER)
    ? `take ${name.slice(USER.length)} out of kubeflow.users first`
    : `take ${name} out of the section databases first`;
}

function pruning(names: readonly string[]): string {
  return `mlk8s up --prune ${names.map((it) => `${FLAG} ${it}`).join(' ')}`;
}

/** The flag that keeps the run from a step whose things are in the cluster, and on no host. */
function leavingOut(step: string, { only, skip, host }: PlanFlags): string | undefined {
  if (only.length > 0 && !only.includes(step)) return `--only ${only.join(', ')}`;
  if (skip.includes(step)) return `--skip ${step}`;
  return host.length > 0 ? `--host ${host.join(', ')}` : undefined;
}
