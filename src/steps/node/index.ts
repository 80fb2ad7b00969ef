import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Declared, Id, Step } from '../../engine/types.ts';
import { debt } from '../../resources/debt.ts';
import type { Placed } from '../../resources/declare.ts';
import { directory } from '../../resources/directory.ts';
import { dpkgState } from '../../resources/dpkg-state.ts';
import { file } from '../../resources/file.ts';
import { fileBlock } from '../../resources/file-block.ts';
import { healthCheck } from '../../resources/health-check.ts';
import { hostname } from '../../resources/hostname.ts';
import { kernelModules } from '../../resources/kernel-module.ts';
import { memoryCgroup } from '../../resources/memory-cgroup.ts';
import { packages } from '../../resources/package.ts';
import { service } from '../../resources/service.ts';
import { sysctl } from '../../resources/sysctl.ts';
import { timeSync } from '../../resources/time-sync.ts';
import { ufwRules } from '../../resources/ufw-rules.ts';
import { unitMasked } from '../../resources/unit-masked.ts';
import { sh } from '../../shell/script.ts';
import { type Named, namedServices, serviceHosts } from '../network/names.ts';
import { APT_SETTINGS, CLOUD_INIT_SETTINGS, LID_SETTINGS, MODULES, PACKAGES, SLEEP_UNITS, SYSCTLS } from './files.ts';
import { firewallRules } from './firewall.ts';

/** Prepares every machine for MicroK8s. `others`: the steps whose services machines know by name. */
export function nodeStep(others: readonly Step[]): Step {
  return {
    name: 'node',
    title: 'Prepare the machines: name, hosts, packages, kernel, clock, sleep, firewall',
    resources: (cluster) => {
      const named = namedServices(cluster, others);
      return cluster.nodes.flatMap((node) => ofNode(cluster, node, named));
    },
  };
}

function ofNode(cluster: Cluster, node: ClusterNode, named: readonly Named[]): Declared[] {
  const at = (name: string, ...needs: string[]): Placed => ({
    id: `node/${name}@${node.name}`,
    on: { host: node.name },
    needs: needs.map((need): Id => `node/${need}@${node.name}`),
  });
  return [
    ...naming(cluster, node, named, at),
    ...software(at),
    ...kernel(at),
    directory({ ...at('data-dir'), path: cluster.node.dataDir, mode: '755' }),
    ...(cluster.node.timeSync ? [timeSync(at('time', 'apt', 'dpkg'))] : []),
    ...(cluster.node.sleep === 'prevent' && !node.local ? awake(at) : []),
    ufwRules({ ...at('firewall'), rules: firewallRules(cluster, node) }),
    memoryCgroup(at('memory-cgroup')),
    debt({
      ...at('reboot', 'memory-cgroup'),
      // One reboot for all, before kubelet first starts: it must find the graphics cards as they stay.
      needs: [`node/memory-cgroup@${node.name}`, ...driverNeeds(cluster, node)],
      debt: 'reboot',
      reason: 'the kernel takes new settings and drivers only when it starts',
      local: node.local,
    }),
  ];
}

/** What has to be there before the machine is started anew with another driver for its card. */
function driverNeeds({ gpu }: Cluster, { name }: ClusterNode): Id[] {
  if (!gpu) return [];
  return gpu.driver === 'none' ? [`gpu/driver@${name}`] : [`gpu/driver@${name}`, `gpu/nouveau@${name}`];
}

type At = (name: string, ...needs: string[]) => Placed;

function naming(cluster: Cluster, node: ClusterNode, named: readonly Named[], at: At): Declared[] {
  return [
    hostname({ ...at('hostname', 'cloud-init'), name: node.name, local: node.local }),
    file({
      ...at('cloud-init'),
      path: '/etc/cloud/cloud.cfg.d/99-mlk8s.cfg',
      content: CLOUD_INIT_SETTINGS,
      mode: '644',
      onlyIn: '/etc/cloud',
    }),
    fileBlock({
      ...at('hosts', 'cloud-init'),
      path: '/etc/hosts',
      lines: [...cluster.nodes.map(({ address, name }) => `${address} ${name}`), ...serviceHosts(cluster, node, named)],
    }),
    healthCheck({
      ...at('dns'),
      probe: sh`getent hosts registry.k8s.io`,
      timeoutS: 20,
      works: 'names on the internet resolve',
      seen: 'the name registry.k8s.io does not resolve',
      why: 'the machine has no name server, or cannot reach the internet',
      next: [
        `on ${node.name}, see which name servers it asks: resolvectl dns`,
        'repair the network or its name server, then run the same command again',
      ],
    }),
  ];
}

function software(at: At): Declared[] {
  return [
    file({ ...at('apt'), path: '/etc/apt/apt.conf.d/52mlk8s', content: APT_SETTINGS, mode: '644' }),
    dpkgState(at('dpkg', 'apt')),
    packages({ ...at('packages', 'apt', 'dpkg', 'dns'), packages: PACKAGES }),
    packages({ ...at('modules-extra', 'packages'), packages: ['linux-modules-extra-{kernel}'], ifOffered: true }),
    service({ ...at('iscsid', 'packages'), unit: 'iscsid.service' }),
  ];
}

function kernel(at: At): Declared[] {
  return [
    kernelModules({ ...at('modules', 'modules-extra'), path: '/etc/modules-load.d/mlk8s.conf', modules: MODULES }),
    sysctl({ ...at('sysctl', 'modules'), path: '/etc/sysctl.d/90-mlk8s.conf', atLeast: SYSCTLS }),
  ];
}

/** Reading the settings again is enough; restarting logind can end desktop sessions. gpu-and-nodes sheet 6. */
function awake(at: At): Declared[] {
  return [
    file({
      ...at('lid'),
      path: '/etc/systemd/logind.conf.d/10-mlk8s.conf',
      content: LID_SETTINGS,
      mode: '644',
      afterwards: { does: 'have logind read it', run: sh`systemctl kill -s HUP systemd-logind` },
    }),
    unitMasked({
      ...at('sleep'),
      units: SLEEP_UNITS,
      prevents: 'the machine no longer suspends, however it is asked to',
    }),
  ];
}
