import type { Addon } from './addon-catalogue.ts';
import { onServicesRestarted } from './install.ts';
import { controlPlanes, readFlag, SD, type Site, writeFlag } from './site.ts';

/** What an addon does to the nodes besides its objects. */
export function afterEnable(site: Site, addon: Addon): void {
  if (addon.name === 'rbac') setAuthorization(site, 'RBAC,Node');
  const dns = { '--cluster-dns': '10.152.183.10', '--cluster-domain': 'cluster.local' };
  const kubelet = site.files.read(`${SD}/args/kubelet`) ?? '';
  if (addon.name === 'dns' && readFlag(kubelet, '--cluster-dns') === undefined)
    setOnControlPlanes(site, 'kubelet', dns);
}

/** The authorization mode of every API server (sheet 4, rbac). */
export function setAuthorization(site: Site, mode: string): void {
  setOnControlPlanes(site, 'kube-apiserver', { '--authorization-mode': mode });
}

/** Every control plane gets the flags and restarts kubelite: the API is away for some seconds. */
function setOnControlPlanes(site: Site, file: string, flags: Record<string, string>): void {
  for (const { rig, world, files } of controlPlanes(site)) {
    const path = `${SD}/args/${file}`;
    const text = Object.entries(flags).reduce((t, [flag, value]) => writeFlag(t, flag, value), files.read(path) ?? '');
    files.write(path, text, 0o660);
    onServicesRestarted(rig, world, site.now());
  }
}
