import type { Cluster } from '../../config/schema.ts';
import { defaultClass } from '../../config/storage-classes.ts';
import type { Declared, Load, Step, World } from '../../engine/types.ts';
import { storageClass } from '../../resources/storage-class.ts';
import { hostpath } from './hostpath.ts';
import { mayastor } from './mayastor.ts';
import { nfs } from './nfs.ts';
import { openebs } from './openebs.ts';
import { proofs } from './proofs.ts';
import type { Provisioner } from './provisioner.ts';
import { registry, registryLoad } from './registry.ts';
import { REGISTRY } from './registry-name.ts';

/** In the order of `STORAGE_CLASSES`. */
const provisioners: readonly Provisioner[] = [openebs, hostpath, mayastor, nfs];

/** Where volumes of pods are kept, and a registry in one of them. */
export const storageStep: Step = {
  name: 'storage',
  title: 'Volumes for pods, and a registry for images of your own',
  resources,
  asksFor: (file) => [...askedFor(file).flatMap((it) => it.asksFor(file)), ...registryLoad(file)] satisfies Load[],
  notes,
};

const askedFor = (file: Cluster) => provisioners.filter((it) => it.isAskedFor(file));

function resources(file: Cluster): Declared[] {
  const { storage } = file;
  if (!storage) return [];
  const wanted = askedFor(file);
  const className = defaultClass(storage);
  const first = wanted.find((it) => it.className === className);
  if (!first) return [];
  return [
    ...wanted.flatMap((it) => it.resources(file)),
    storageClass({
      id: 'storage/default-class@cluster',
      on: 'cluster',
      // Whatever brings a class may make it a default one.
      needs: wanted.map((it) => it.ready),
      className,
      from: first.ready,
    }),
    ...registry(file, first.ready),
    ...wanted.flatMap((it) => proofs(file, it)),
  ];
}

function notes({ file: { storage } }: World): string[] {
  if (!storage) return [];
  const volumes = `claims that name no class get ${defaultClass(storage)}`;
  return [volumes, ...(storage.registry ? [`images of your own: ${REGISTRY}/NAME, from every machine`] : [])];
}
