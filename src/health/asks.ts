import type { Ask } from '../engine/types.ts';
import { kubectl, nodesAsk } from '../resources/kube.ts';
import { sh } from '../shell/script.ts';

/** Stands between the parts of an answer. */
export const RULE = '----';

/** What is printed of a pod, with tabs between; a status is JSON of one line. */
const POD = [
  '{.metadata.namespace}',
  '{.metadata.name}',
  '{.spec.nodeName}',
  '{.metadata.creationTimestamp}',
  '{.metadata.deletionTimestamp}',
  '{.spec.volumes[*].persistentVolumeClaim.claimName}',
  '{.status}',
];
const PODS = `jsonpath={range .items[*]}${POD.join('{"\\t"}')}{"\\n"}{end}`;

/** The time on the lead, then all pods but those that have ended well: pipelines leave thousands of them. */
export const podsAsk: Ask = {
  key: 'doctor pods',
  on: 'cluster',
  sh: sh`date +%s; ${kubectl} get pods -A --field-selector ${'status.phase!=Succeeded'} -o ${PODS}`,
  timeoutS: 60,
};

/** Pods whose logs are read, lines of each of their containers, and signs of a line, which may have no end. */
const LOGS = { pods: 8, lines: 15, width: 2000 };

/** Where a log may say more than the API does. A pod that was never started has none. */
const TELLING = '"Running|Completed|Terminating|Pending|ContainerCreating|ImagePull|Evicted|Unknown"';

/** Last lines of the logs of pods that ran and do not run well, each pod under a line `---- namespace/name`. */
export const logsAsk: Ask = {
  key: 'doctor logs',
  on: 'cluster',
  sh: sh`
    ${kubectl} get pods -A --no-headers |
      awk ${`{ split($3, n, "/"); if ($4 !~ ${TELLING} || ($4 == "Running" && n[1] != n[2])) print $1, $2 }`} |
      head -n ${LOGS.pods} |
      while read -r namespace pod; do
        echo "${RULE} $namespace/$pod"
        ${kubectl} logs -n "$namespace" "$pod" --all-containers --ignore-errors --tail=${LOGS.lines} </dev/null 2>&1 |
          cut -c 1-${LOGS.width}
      done
  `,
  timeoutS: 90,
};

/** Warnings live five minutes in MicroK8s. facts: platform sheet, 5 #26 */
export const warningsAsk: Ask = {
  key: 'doctor warnings',
  on: 'cluster',
  sh: sh`${kubectl} get events -A --field-selector ${'type!=Normal'} -o json`,
  timeoutS: 30,
};

/** Of claims the telling events are normal ones. */
export const claimEventsAsk: Ask = {
  key: 'doctor claim events',
  on: 'cluster',
  sh: sh`${kubectl} get events -A --field-selector ${'involvedObject.kind=PersistentVolumeClaim,type=Normal'} -o json`,
  timeoutS: 30,
};

export const claimsAsk: Ask = {
  key: 'doctor claims',
  on: 'cluster',
  sh: sh`${kubectl} get persistentvolumeclaims -A -o json`,
  timeoutS: 30,
};

export const classesAsk: Ask = {
  key: 'doctor classes',
  on: 'cluster',
  sh: sh`${kubectl} get storageclasses -o json`,
  timeoutS: 30,
};

/** Resource types, names of Helm's releases, ClusterPolicies and DiskPools: the last two only where they are known. */
export const objectsAsk: Ask = {
  key: 'doctor objects',
  on: 'cluster',
  sh: sh`
    set -e
    crds=$(${kubectl} get customresourcedefinitions -o name)
    printf '%s\n' "$crds" ${RULE}
    ${kubectl} get secrets -A -l ${'owner=helm,status=deployed'} -o ${'jsonpath={range .items[*]}{.metadata.labels.name}{"\\n"}{end}'}
    echo ${RULE}
    case $crds in *clusterpolicies.nvidia.com*) ${kubectl} get clusterpolicies.nvidia.com -o json ;; esac
    echo ${RULE}
    case $crds in *diskpools.openebs.io*) ${kubectl} get diskpools.openebs.io -A -o json ;; esac
  `,
  timeoutS: 60,
};

const CLUSTER_ASKS = [
  nodesAsk,
  podsAsk,
  logsAsk,
  warningsAsk,
  claimEventsAsk,
  claimsAsk,
  classesAsk,
  objectsAsk,
] as const;

/**
 * Lines of a journal that may be worth a look; what is known among them, the catalogue says. Plain words of ERE: they
 * are used by grep and by tests.
 */
export const JOURNAL_WORDS =
  'no space left|enough free space|read-only file|oom\\.group|memory.*controller|too many open files|fsnotify|inotify|not resolve|dqlite|cluster\\.yaml|leases?\\.coordination|not allowed to modify|is locked|certificate|kubepods|actuated|nil pointer|cni plugin|cni config|kmsg|garbage collect|toomanyrequests|Too Many Requests|Key was rejected|host interface|master IP|bootstrap node';

/** Of the kernel since it was started: drivers that do not get their cards. */
export const BOOT_WORDS =
  'already bound to|such as: nouveau|NVRM: nouveau|was rejected|is rejected|key not available|not supported in kfd';

/** Of the kernel in the last day. */
export const KERNEL_WORDS =
  'NVRM: Xid|i/o error|medium error|no space left|(ext4|xfs).*error|read-only file|out of memory|oom-kill|apparmor="DENIED"|UFW BLOCK|GPU is lost';

/** What is asked of one machine. Each prints nothing when all is well, or when the machine has no such thing. */
function machineAsks(host: string): Ask[] {
  const on = { host };
  return [
    {
      key: 'doctor journal',
      on,
      sh: sh`
        journalctl -q --no-pager -o cat -u ${'snap.microk8s.*'} --since ${'-30min'} -n 5000 |
          grep -aiE ${JOURNAL_WORDS} | tail -n 200 | cut -c 1-600
      `,
      timeoutS: 30,
    },
    {
      key: 'doctor kernel',
      on,
      sh: sh`
        journalctl -q --no-pager -k -b -o short-iso | grep -aiE ${BOOT_WORDS} | tail -n 20 | cut -c 1-600
        journalctl -q --no-pager -k --since ${'-24h'} -o short-iso | grep -aiE ${KERNEL_WORDS} | tail -n 100 | cut -c 1-600
      `,
      timeoutS: 30,
    },
    {
      key: 'doctor units',
      on,
      sh: sh`systemctl --failed --no-legend --plain --no-pager list-units`,
      timeoutS: 20,
    },
    {
      key: 'doctor disks',
      on,
      sh: sh`df -Pkl -x tmpfs -x devtmpfs -x squashfs -x overlay -x efivarfs -x iso9660`,
      timeoutS: 20,
    },
    {
      key: 'doctor driver',
      on,
      sh: sh`if command -v nvidia-smi >/dev/null; then nvidia-smi -L 2>&1; fi`,
      timeoutS: 30,
    },
    {
      key: 'doctor firewall',
      on,
      sh: sh`iptables -S FORWARD 2>/dev/null | grep -E ${'^-P|MicroK8s pods'}`,
      timeoutS: 20,
    },
  ];
}

/** All that the doctor wants to know: of the cluster, and of each of these machines. Reads only. */
export function doctorAsks(hosts: readonly string[]): Ask[] {
  return [...CLUSTER_ASKS, ...hosts.flatMap(machineAsks)];
}
