import { defaultClass } from '../../config/storage-classes.ts';
import { addon } from '../../resources/addon.ts';
import type { Provisioner } from './provisioner.ts';

/** Seconds until its pod is ready: one image over the line of a home. */
const READY_S = 600;

const NAME = 'microk8s-hostpath';
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: NAME } };

/** Folders below /var/snap/microk8s/common, made where the pod runs. facts: storage-and-databases sheet, 2.1 */
export const hostpath: Provisioner = {
  className: NAME,
  ready: 'storage/hostpath@cluster',
  isAskedFor: (file) => file.storage?.hostpath === true,
  resources: ({ storage }) => [
    addon({
      id: 'storage/hostpath@cluster',
      on: 'cluster',
      needs: ['microk8s/dns@cluster', 'microk8s/member@*', 'capacity/room@cluster'],
      addon: 'hostpath-storage',
      // Copied into the annotation as it is; a second default would be the newest one, and win.
      args: ['--default-class', String(storage !== undefined && defaultClass(storage) === NAME)],
      objects: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'hostpath-provisioner', namespace: 'kube-system' },
        },
        { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: NAME } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: 'kube-system' } },
        { kind: 'ClusterRole', ...rbac },
        { kind: 'ClusterRoleBinding', ...rbac },
      ],
      readyS: READY_S,
    }),
  ],
  asksFor: () => [],
};
