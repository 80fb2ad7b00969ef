import type { Cluster } from '../../config/schema.ts';
import type { Declared, Load, Step } from '../../engine/types.ts';
import { mayastor } from './mayastor.ts';
import { openebs } from './openebs.ts';
import type { Provisioner } from './provisioner.ts';

/** In the order of `STORAGE_CLASSES`: the first one that is asked for brings the default class. */
const provisioners: readonly Provisioner[] = [openebs, mayastor];

/** Where volumes of pods are kept. */
export const storageStep: Step = {
  name: 'storage',
  title: 'Volumes for pods',
  resources,
  asksFor,
};

const askedFor = (file: Cluster) => provisioners.filter((it) => it.isAskedFor(file));

function resources(file: Cluster): Declared[] {
  return askedFor(file).flatMap((it) => it.resources(file));
}

function asksFor(file: Cluster): Load[] {
  return askedFor(file).flatMap((it) => it.asksFor(file));
}
