import type { Cluster } from '../config/schema.ts';
import { clusterSchema } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { checkKnown } from './known.ts';
import type { PlanFlags } from './options.ts';

const FLAG = '--delete-data';
const DATABASES = Object.keys(clusterSchema.shape.databases.unwrap().shape);

/** Refuses to give up the data of what is no database, or is still asked for. Nobody guesses what was meant. */
export function checkDeleteData({ deleteData = [], prune }: PlanFlags, { databases = {}, kubeflow }: Cluster): void {
  // The namespaces of users who left the file are known to the cluster only.
  const named = deleteData.filter((it) => !it.startsWith('kubeflow-'));
  checkKnown(FLAG, named, DATABASES, false);
  const [name] = deleteData;
  if (name !== undefined && !prune) {
    throw new UserError({
      where: 'command line',
      seen: `${FLAG} ${name} without --prune`,
      why: 'data goes with what left the cluster file, and --prune is what removes that',
      next: [`mlk8s up --prune ${deleteData.map((it) => `${FLAG} ${it}`).join(' ')}`],
    });
  }
  const users = kubeflow?.users.map(({ name }) => `kubeflow-${name}`) ?? [];
  const asked = deleteData.filter((it) => databases[it as keyof typeof databases] !== undefined || users.includes(it));
  if (asked.length === 0) return;
  throw new UserError({
    where: 'command line',
    seen: `${FLAG} ${asked.join(', ')}: the cluster file asks for ${asked.length === 1 ? 'it' : 'them'}`,
    why: 'only the data of what left the file is deleted',
    next: [`take ${asked.join(', ')} out of the section databases first`],
  });
}
