import type { Kind } from '../engine/types.ts';
import { addonKind } from './addon.ts';
import { anyCardKind } from './any-card.ts';
import { aptSourceKind } from './apt-source.ts';
import { broughtKind } from './brought.ts';
import { certificatesKind } from './certificates.ts';
import { clusterKind } from './cluster.ts';
import { clusterPolicyKind } from './cluster-policy.ts';
import { containerToolkitKind } from './container-toolkit.ts';
import { debToolKind } from './deb-tool.ts';
import { debtKind } from './debt.ts';
import { devboxPlaceKind } from './devbox-place.ts';
import { directoryKind } from './directory.ts';
import { diskPoolsKind } from './disk-pools.ts';
import { dnsKind } from './dns.ts';
import { dpkgStateKind } from './dpkg-state.ts';
import { fileKind } from './file.ts';
import { fileBlockKind } from './file-block.ts';
import { gitIdentityKind } from './git-identity.ts';
import { gpuAllocatableKind } from './gpu-allocatable.ts';
import { gpuCardsKind } from './gpu-cards.ts';
import { groupMemberKind } from './group-member.ts';
import { healthCheckKind } from './health-check.ts';
import { helmReleaseKind } from './helm-release.ts';
import { homeBlockKind } from './home-block.ts';
import { hostnameKind } from './hostname.ts';
import { hugepagesKind } from './hugepages.ts';
import { jsonListKind } from './json-list.ts';
import { kernelModuleKind } from './kernel-module.ts';
import { homeKubeconfigKind, kubeconfigKind } from './kubeconfig.ts';
import { kubeletSeesKind } from './kubelet-sees.ts';
import { kustomizeStageKind } from './kustomize-stage.ts';
import { loneIngressKind } from './lone-ingress.ts';
import { loneNfdKind } from './lone-nfd.ts';
import { loneStackKind } from './lone-stack.ts';
import { madeWithKind } from './made-with.ts';
import { manifestKind } from './manifest.ts';
import { mayastorFitKind } from './mayastor-fit.ts';
import { memberKind } from './member.ts';
import { memoryCgroupKind } from './memory-cgroup.ts';
import { microk8sReadyKind } from './microk8s-ready.ts';
import { microk8sUserKind } from './microk8s-user.ts';
import { miniforgeKind } from './miniforge.ts';
import { namesKnownKind } from './names-known.ts';
import { namesServedKind } from './names-served.ts';
import { noPoolsKind } from './no-pools.ts';
import { nodeMetaKind } from './node-meta.ts';
import { nvidiaDriverKind } from './nvidia-driver.ts';
import { nvidiaFileKind } from './nvidia-file.ts';
import { packageKind } from './package.ts';
import { postgresClusterKind } from './postgres-cluster.ts';
import { processorFitKind } from './processor-fit.ts';
import { proofKind } from './proof.ts';
import { rbacKind } from './rbac.ts';
import { releaseFileKind } from './release-file.ts';
import { releaseFolderKind } from './release-folder.ts';
import { roomKind } from './room.ts';
import { runtimeClassKind } from './runtime-class.ts';
import { scrapeTargetsKind } from './scrape-targets.ts';
import { secretKind } from './secret.ts';
import { serviceKind } from './service.ts';
import { snapKind } from './snap.ts';
import { snapToolKind } from './snap-tool.ts';
import { snapdSeededKind } from './snapd-seeded.ts';
import { sourceTreeKind } from './source-tree.ts';
import { storageClassKind } from './storage-class.ts';
import { sysctlKind } from './sysctl.ts';
import { timeSyncKind } from './time-sync.ts';
import { toolkitDropInKind } from './toolkit-drop-in.ts';
import { typesOwnerKind } from './types-owner.ts';
import { ufwRulesKind } from './ufw-rules.ts';
import { unitMaskedKind } from './unit-masked.ts';
import { volumePlacesKind } from './volume-places.ts';
import { votersKind } from './voters.ts';
import { vscodeExtensionsKind } from './vscode-extensions.ts';

const all: readonly Kind[] = [
  addonKind,
  aptSourceKind,
  broughtKind,
  certificatesKind,
  anyCardKind,
  clusterKind,
  clusterPolicyKind,
  containerToolkitKind,
  debToolKind,
  debtKind,
  devboxPlaceKind,
  directoryKind,
  diskPoolsKind,
  dnsKind,
  dpkgStateKind,
  fileBlockKind,
  gitIdentityKind,
  gpuAllocatableKind,
  fileKind,
  gpuCardsKind,
  groupMemberKind,
  healthCheckKind,
  helmReleaseKind,
  homeBlockKind,
  homeKubeconfigKind,
  hostnameKind,
  hugepagesKind,
  jsonListKind,
  kernelModuleKind,
  kubeconfigKind,
  loneIngressKind,
  loneNfdKind,
  madeWithKind,
  loneStackKind,
  kubeletSeesKind,
  kustomizeStageKind,
  manifestKind,
  mayastorFitKind,
  memberKind,
  memoryCgroupKind,
  microk8sReadyKind,
  microk8sUserKind,
  miniforgeKind,
  namesKnownKind,
  namesServedKind,
  noPoolsKind,
  nodeMetaKind,
  nvidiaDriverKind,
  nvidiaFileKind,
  packageKind,
  processorFitKind,
  postgresClusterKind,
  proofKind,
  rbacKind,
  releaseFileKind,
  releaseFolderKind,
  roomKind,
  runtimeClassKind,
  scrapeTargetsKind,
  secretKind,
  serviceKind,
  snapKind,
  snapToolKind,
  snapdSeededKind,
  sourceTreeKind,
  storageClassKind,
  sysctlKind,
  timeSyncKind,
  toolkitDropInKind,
  typesOwnerKind,
  ufwRulesKind,
  unitMaskedKind,
  volumePlacesKind,
  votersKind,
  vscodeExtensionsKind,
];

/** Every kind of resource by its name. */
export const kinds: Readonly<Record<string, Kind>> = Object.fromEntries(all.map((kind) => [kind.kind, kind]));
