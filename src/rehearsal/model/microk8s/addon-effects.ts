import type { Addon } from './addon-catalogue.ts';
import { chartNamed } from './helm/charts.ts';
import { deploy } from './helm/releases.ts';
import { onServicesRestarted } from './install.ts';
import { clusterOf, controlPlanes, readFlag, SD, type Site, writeFlag } from './site.ts';
import { KubeStore } from './store.ts';

/** What an addon does besides its objects: its release, and what it writes on the nodes. */
export function afterEnable(site: Site, addon: Addon): void {
  const cluster = clusterOf(site.rig, site.world);
  if (addon.release && cluster) {
    const { chart, version, values = {}, ...release } = addon.release;
    deploy(new KubeStore(cluster, site), chartNamed(chart, version), { ...release, config: values }, site.now());
  }
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
