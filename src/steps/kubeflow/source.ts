import type { Cluster } from '../../config/schema.ts';
import type { Declared } from '../../engine/types.ts';
import { type Release, releaseFor } from '../../kubeflow/releases.ts';
import { sourceTree } from '../../resources/source-tree.ts';
import { MACHINE_STATE } from '../../shell/job.ts';

/** The release that the file's channel is for. A file whose track has none is refused when it is read. */
export function releaseOf({ microk8s: { channel } }: Cluster): Release {
  const found = releaseFor(channel);
  if (!found) throw new Error(`no Kubeflow is made for ${channel}`);
  return found;
}

/** `Kubeflow 26.03` */
export function titleOf({ version }: Release): string {
  return `Kubeflow ${version}`;
}

/** Folder of its manifests on each control plane. */
export function folderOf({ version }: Release): string {
  return `${MACHINE_STATE}/kubeflow/${version}`;
}

/** Its manifests on every control plane: any of them may lead. */
export function source(file: Cluster): Declared[] {
  const release = releaseOf(file);
  const { url, digest, extra, localized } = release;
  const planes = file.nodes.filter(({ role }) => role === 'control-plane');
  return planes.map(({ name }) =>
    sourceTree({
      id: `kubeflow/source@${name}`,
      on: { host: name },
      needs: [`microk8s/member@${name}`],
      title: titleOf(release),
      folder: folderOf(release),
      ...{ url, digest, extra, localized },
      ...(file.kubeflow?.source === undefined ? {} : { local: file.kubeflow.source }),
    }),
  );
}
