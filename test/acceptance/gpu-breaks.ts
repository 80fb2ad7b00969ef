/** How resources of the step gpu are broken from outside, where one machine rig1 has the API and rig2 has a card. */
export const gpuBreaks: Readonly<Record<string, string>> = {
  'gpu/hold@rig2': 'rm /etc/apt/apt.conf.d/53mlk8s-nvidia',
  'gpu/nouveau@rig2': 'rm /etc/modprobe.d/mlk8s-nvidia.conf',
  'gpu/gpu-operator@cluster': 'microk8s helm3 rollback gpu-operator 1 -n gpu-operator-resources',
  'gpu/toolkit@cluster': 'sed -i "s,microk8s/[0-9]*/,microk8s/7000/," /etc/containerd/conf.d/99-nvidia.toml',
  'gpu/proof@rig2': `microk8s kubectl -n mlk8s-system delete configmap proofs`,
  'gpu/runtime-class@cluster': `microk8s kubectl delete runtimeclass nvidia
    printf %s '{"apiVersion":"node.k8s.io/v1","kind":"RuntimeClass","metadata":{"name":"nvidia"},"handler":"runc"}' | microk8s kubectl apply -f -`,
};

/** Where a break is typed, when not on rig1. */
export const brokenOn: Readonly<Record<string, string>> = {
  'gpu/hold@rig2': 'rig2',
  'gpu/nouveau@rig2': 'rig2',
  'gpu/toolkit@cluster': 'rig2',
};

/** Checks, and what is broken in other tests. */
export const gpuUnbroken: Readonly<Record<string, string>> = {
  'gpu/cards': 'a list for people',
  'gpu/any-card': 'a check, tried in test/steps/gpu/any-card.test.ts',
  'gpu/driver': 'broken in many ways in test/steps/gpu',
  'gpu/lone-nfd': 'a check, tried in test/resources/gpu-cluster.test.ts',
  'gpu/cluster-policy': 'a check, tried in test/resources/gpu-cluster.test.ts',
  'gpu/allocatable': 'a check, tried with the fault operatorlies',
};
