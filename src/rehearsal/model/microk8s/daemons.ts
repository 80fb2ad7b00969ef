import { parse } from 'yaml';
import { ADDONS } from './addon-catalogue.ts';
import { afterEnable } from './addon-effects.ts';
import { applyAddon } from './addons.ts';
import { issueCertificates } from './certificates.ts';
import { adjustRoles, apiUp, clusterYaml, infoYaml, machineUp, rowOf, unitRuns } from './dqlite.ts';
import { serveGpus } from './gpu/index.ts';
import { serveKubeflow } from './kubeflow.ts';
import { servePools } from './mayastor.ts';
import { serveMonitoring } from './monitoring/operator.ts';
import { heartbeat, registerNode } from './nodes.ts';
import { servePostgres } from './postgres.ts';
import { BACKEND, clusterOf, elsewhere, membersOf, SC, type Site } from './site.ts';
import { KubeStore } from './store.ts';
import { bindVolumes } from './volumes.ts';

const LAUNCH = `${SC}/etc/launcher/install.yaml`;
/** Addons of the launch configuration come this long after the services answer (sheet 3). */
const LAUNCH_MS = 20_000;

/** Minor version of the snap, 35 for v1.35.0. */
export function minorOf(site: Pick<Site, 'rig'>): number {
  return Number(site.rig.snaps.microk8s?.version.match(/^v1\.(\d+)/)?.[1] ?? 35);
}

/**
 * Lets the daemons of a rig's cluster do what they did since the last look: roles, registration, launch addons, files.
 * Every microk8s command begins with it; a host should call it before anything else runs in a rig.
 */
export function advance(site: Site): void {
  const { rig, world } = site;
  const mk = rig.microk8s;
  if (!mk) return;
  adjustRoles(world, mk.cluster, site.now());
  for (const member of membersOf(world, mk.cluster)) {
    const files = member.name === rig.name ? site.files : site.filesOf(member.name);
    if (files) advanceNode(elsewhere(site, { rig: member, files }));
  }
  heartbeat(world, mk.cluster, site.now());
  serveMonitoring(site);
  servePostgres(site);
  serveKubeflow(site);
  bindVolumes(site);
  servePools(site, mk.cluster);
  serveGpus(site);
  issueCertificates(site);
}

function advanceNode(site: Site): void {
  const { rig } = site;
  const mk = rig.microk8s;
  const now = site.now();
  if (!mk || mk.stopped || mk.wedged || now < mk.readyAt || !machineUp(rig, now)) return;
  if (mk.registers && unitRuns(rig, 'kubelite')) registerNode(elsewhere(site, { at: mk.readyAt }));
  if (mk.role === 'worker') return;
  keepFiles(site);
  launch(site);
}

/** dqlite keeps the member list and its own row on disk (sheet 2.7). */
function keepFiles(site: Site): void {
  const cluster = clusterOf(site.rig, site.world);
  const row = rowOf(site);
  if (!cluster || !row) return;
  writeIfNew(site, `${BACKEND}/cluster.yaml`, clusterYaml(cluster));
  writeIfNew(site, `${BACKEND}/info.yaml`, infoYaml(row));
}

function writeIfNew(site: Site, path: string, content: string): void {
  if (site.files.read(path) !== content) site.files.write(path, content, 0o660);
}

/** The cluster agent applies the launch configuration after the install returned, and renames it when done. */
function launch(site: Site): void {
  const { rig, world, files } = site;
  const text = files.read(LAUNCH);
  const at = (rig.microk8s?.readyAt ?? 0) + LAUNCH_MS;
  const cluster = clusterOf(rig, world);
  if (text === undefined || !cluster || site.now() < at || !apiUp(rig, world, site.now())) return;
  if (rig.faults.includes('dnsnever')) return;
  const config = (parse(text) ?? {}) as { addons?: { name: string; disable?: boolean; args?: string[] }[] };
  for (const { name, disable, args } of config.addons ?? []) {
    const addon = ADDONS.find((a) => a.name === name);
    if (!addon || disable) continue;
    applyAddon(addon, new KubeStore(cluster, elsewhere(site, { at })), args ?? [], minorOf(site));
    afterEnable(site, addon);
  }
  files.write(`${LAUNCH}.applied`, text, 0o600);
  files.remove(LAUNCH);
}
