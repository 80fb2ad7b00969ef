import { digestOf } from '../charts/values.ts';
import type { Ask, Declared, Move } from '../engine/types.ts';
import { recordName } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { kubectl, NAMESPACE, NOISE } from './kube.ts';
import { listOf } from './objects.ts';
import type { ProofSpec, Restart } from './proof.ts';

/** Namespace of what is created for proofs. */
export const PROOF_NAMESPACE = 'mlk8s-proof';
/** The ConfigMap in mlk8s' own namespace that keeps what proofs found. */
export const RESULTS = 'proofs';

/** Seconds until what was created for a proof must be gone again; a pod that runs gets 5 s to end. */
const CLEAN_S = 90;
/** Seconds for what else a proof does: namespace, objects, log, result. Each call has 10 s, some are made twice. */
const REST_S = 180;

const LABEL = 'mlk8s.io/proof';
const inProofs: Script = sh`${kubectl} -n ${PROOF_NAMESPACE}`;
const inOwn: Script = sh`${kubectl} -n ${NAMESPACE}`;

/** What all objects of one proof carry, whatever their names in an earlier version: an id is too long for a label. */
function labelOf({ id }: Pick<Declared, 'id'>): string {
  return digestOf(id).slice(0, 16);
}

const selector = (it: Pick<Declared, 'id'>) => `${LABEL}=${labelOf(it)}`;

/** What an interrupted run left of a proof, a name a line. */
export function leftoversAsk(it: Declared<ProofSpec>): Ask {
  const run = lines(knownTypes(it), sh`${inProofs} get "$types" -l ${selector(it)} -o name --ignore-not-found`);
  return { key: `left of ${it.id}`, on: 'cluster', sh: run, timeoutS: 20 };
}

/**
 * Bash that puts the types of its objects into `types`. Those that somebody brought may be gone, with all of their objects:
 * then no question about several types would get an answer. kubectl may remember the type, and says it in other words then.
 */
function knownTypes(it: Declared<ProofSpec>): Script {
  // In their order: what was made last goes first.
  const [first = '', ...rest] = typesOf(it);
  const added = rest.map((type) => (type.includes('.') ? sh`add ${type}` : sh`types=$types,${type}`));
  const add = sh`
    add() {
      local said
      if said=$(${inProofs} get "$1" -o name --ignore-not-found 2>&1 >/dev/null); then types=$types,$1; return; fi
      case $said in *"doesn't have a resource type"* | *'could not find the requested resource'*) ;; *) printf '%s\n' "$said" >&2; exit 1 ;; esac
    }
  `;
  return lines(sh`types=${first}`, ...(rest.some((type) => type.includes('.')) ? [add] : []), ...added);
}

/** The types of its objects, and those that may hold data or run, whatever an earlier version made. */
function typesOf({ spec }: Declared<ProofSpec>): string[] {
  const types = spec.objects.map(({ apiVersion, kind }) => {
    const [version, group] = apiVersion.split('/').reverse();
    return group === undefined ? kind : `${kind}.${version}.${group}`;
  });
  // What was made last goes first: a certificate before its secret, or its controller would make that anew.
  const copies = spec.secrets ? ['Secret'] : [];
  const all = ['Pod', 'PersistentVolumeClaim', ...types.reverse(), ...copies];
  return [...new Set(all.map((type) => type.toLowerCase()))];
}

/** Creates the objects, follows the pod to its end, reads its log, removes everything, and writes down what it found. */
export function proveMove(it: Declared<ProofSpec>, digest: string): Move {
  const { what, timeoutS, pod, restart } = it.spec;
  const written = restart ? [follow(it, restart.after), ended(it, restart.after), restarted(it, restart)] : [];
  const tried = lines(...written, ...(restart ? [add(it, [pod])] : []), follow(it, pod), ended(it, pod), compare(it));
  return {
    does: `prove: ${what}`,
    on: it.on,
    run: lines(clean(it), note(it, digest), create(it), tried, keep),
    deadlineS: (restart ? 3 : 1) * timeoutS + 3 * CLEAN_S + REST_S,
  };
}

/** Takes away what is kept of a proof, and with the last one the namespace of all of them. */
export function forgetMove(it: Declared<ProofSpec>): Move {
  const run = lines(
    clean(it),
    sh`if ${kubectl} get namespace ${PROOF_NAMESPACE} -o name >/dev/null 2>&1; then clean; fi`,
    forget(it),
    sh`
      kept=$(${inOwn} get configmap ${RESULTS} -o ${'jsonpath={.data}'} --ignore-not-found | tr -d '{}')
      if [ -z "$kept" ]; then
        ${inOwn} delete configmap ${RESULTS} --ignore-not-found
        ${kubectl} delete namespace ${PROOF_NAMESPACE} --ignore-not-found --wait=false
      fi
    `,
  );
  return { does: `forget the proof: ${it.spec.what}`, on: it.on, run, deadlineS: CLEAN_S + REST_S };
}

/** Removes by label, so that it also takes what an interrupted run of another version left; waits until it is gone. */
function clean(it: Declared<ProofSpec>): Script {
  const remove = sh`
    clean() {
      ${inProofs} delete "$types" -l ${selector(it)} --ignore-not-found --grace-period=5 --wait=false >/dev/null || return 1
      local left until=$(($(date +%s) + ${CLEAN_S}))
      while left=$(${inProofs} get "$types" -l ${selector(it)} -o name --ignore-not-found) || left='(the API does not answer)'; [ -n "$left" ]; do
        if [ "$(date +%s)" -ge "$until" ]; then echo 'cannot be removed:' $left >&2; return 1; fi
        sleep 2
      done
    }
  `;
  return lines(knownTypes(it), remove);
}

/** The key of its result goes, and no other. */
function forget({ id }: Declared<ProofSpec>): Script {
  const patch = JSON.stringify({ data: { [recordName(id)]: null } });
  return sh`
    kept=$(${inOwn} get configmap ${RESULTS} -o name --ignore-not-found)
    if [ -n "$kept" ]; then
      ${inOwn} patch configmap ${RESULTS} --type merge -p ${patch} >/dev/null
    fi
  `;
}

/** A prune may just have removed the namespace with the last proof in it: until it is gone nothing can be made there. */
const untilRemoved: Script = sh`
  until=$(($(date +%s) + ${CLEAN_S}))
  while [ "$(${kubectl} get namespace ${PROOF_NAMESPACE} -o ${'jsonpath={.status.phase}'} --ignore-not-found)" = Terminating ]; do
    if [ "$(date +%s)" -ge "$until" ]; then echo ${`the namespace ${PROOF_NAMESPACE} is still being removed`} >&2; exit 1; fi
    sleep 2
  done
`;

/** Events of earlier proofs go, too: those that are shown later are about this one. */
function create(it: Declared<ProofSpec>): Script {
  const { pod, restart, objects, secrets = [] } = it.spec;
  const names = objects.map(({ metadata }) => metadata.name);
  return lines(
    sh`
      ${untilRemoved}
      ${kubectl} get namespace ${PROOF_NAMESPACE} -o name >/dev/null 2>&1 || ${kubectl} create namespace ${PROOF_NAMESPACE}
      clean
      ${inProofs} delete events --all --wait=false >/dev/null
      trap 'note failedAt || true; clean || exit 1' EXIT
    `,
    ...secrets.map((secret) => copied(it, secret)),
    add(
      it,
      names.filter((name) => !restart || name !== pod),
    ),
  );
}

/** Writes those of its objects that are called so. */
function add(it: Declared<ProofSpec>, names: readonly string[]): Script {
  const items = it.spec.objects.flatMap((object) => {
    const labels = { ...(object.metadata.labels as object | undefined), [LABEL]: labelOf(it) };
    return names.includes(object.metadata.name) ? [{ ...object, metadata: { ...object.metadata, labels } }] : [];
  });
  return sh`printf %s ${listOf(items)} | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f -`;
}

/** The values go from the API to the API: nothing of them is an argument, or is printed. */
function copied(it: Declared<ProofSpec>, { namespace, name }: NonNullable<ProofSpec['secrets']>[number]): Script {
  const metadata = { name, namespace: PROOF_NAMESPACE, labels: { [LABEL]: labelOf(it) } };
  const before = `${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata }).slice(0, -1)},"data":`;
  return sh`
    values=$(${kubectl} -n ${namespace} get secret ${name} -o ${'jsonpath={.data}'})
    printf '%s%s}' ${before} "$values" | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f - >/dev/null
  `;
}

const STATE = [
  '{.status.phase}',
  '{.status.reason}',
  '{.status.conditions[?(@.type=="PodScheduled")].message}',
  '{.status.initContainerStatuses[*].state.waiting.reason}',
  '{.status.containerStatuses[*].state.waiting.reason}',
  '{.status.containerStatuses[*].state.waiting.message}',
  '{.status.containerStatuses[*].state.terminated.reason}',
].join(' ');

/** Prints how the pod stands whenever that changes: a pull of several GB must be seen to be one. */
function follow({ spec: { timeoutS } }: Declared<ProofSpec>, pod: string): Script {
  return sh`
    until=$(($(date +%s) + ${timeoutS}))
    said=
    while [ "$(date +%s)" -lt "$until" ]; do
      state=$(${inProofs} get pod ${pod} -o ${`jsonpath=${STATE}`} 2>&1 | sed -E ${`/${NOISE}/d`} | tr -s ' \n' ' ') || true
      state=\${state% }
      if [ "$state" != "$said" ]; then echo pod ${pod}: "$state"; said=$state; fi
      case $state in Succeeded* | Failed* | *NotFound*) break ;; esac
      sleep 2
    done
  `;
}

/** Claims and their classes, a line each. */
const CLAIMS =
  'jsonpath={range .items[*]}claim {.metadata.name} of class {.spec.storageClassName}: {.status.phase}{"\\n"}{end}';
const EVENTS = 'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}';

/** Few lines, the most telling last: of a failed change the last dozen are shown. */
function ended(it: Declared<ProofSpec>, pod: string): Script {
  return sh`
    pod=${pod}
    log=$(${inProofs} logs "$pod" --tail=1000 2>&1) || true
    failed() {
      ${inProofs} get persistentvolumeclaims -l ${selector(it)} -o ${CLAIMS} || true
      ${inProofs} get events --sort-by=.lastTimestamp -o ${EVENTS} | grep -vE '^(Pulling|Pulled|Created|Started|Killing):' | tail -n 4 || true
      [ -z "$log" ] || printf '%s\n' "$log" | tail -n 3
      echo pod "$pod": "$said"
      echo "$1"
      exit 1
    }
    case $said in
      Succeeded*) ;;
      Failed*) failed 'the pod failed' ;;
      *) failed ${`the pod did not end within ${it.spec.timeoutS} s`} ;;
    esac
  `;
}

function compare({ spec: { expect } }: Declared<ProofSpec>): Script {
  return sh`
    case $log in *${expect}*) ;; *) failed ${`the pod ended well, but its log does not hold "${expect}"`} ;; esac
  `;
}

const UIDS = 'jsonpath={.items[*].metadata.uid}';
const READY =
  'jsonpath={range .items[*]}{.metadata.uid} {.status.conditions[?(@.type=="Ready")].status} {.metadata.deletionTimestamp}{"\\n"}{end}';

/** A pod that comes in the place of another has another uid, whatever its name. One that is being deleted does not count. */
function restarted({ spec: { timeoutS } }: Declared<ProofSpec>, { namespace, pods }: Restart): Script {
  return sh`
    before=$(${kubectl} -n ${namespace} get pods -l ${pods} -o ${UIDS})
    if [ -z "$before" ]; then echo ${`there is no pod with ${pods} in ${namespace} to restart`}; exit 1; fi
    ${kubectl} -n ${namespace} delete pods -l ${pods} --wait=false
    until=$(($(date +%s) + ${timeoutS}))
    while ready=$(${kubectl} -n ${namespace} get pods -l ${pods} -o ${READY} | grep -vF "$(printf '%s\n' $before)" | grep -c ' True $') || true; [ "$ready" -lt "$(printf '%s\n' $before | wc -l)" ]; do
      if [ "$(date +%s)" -ge "$until" ]; then echo ${`pods with ${pods} in ${namespace} are not ready again after ${timeoutS} s`}; exit 1; fi
      sleep 2
    done
  `;
}

const [WHAT, NOW] = ['@what@', '@now@'];

/**
 * From here on nothing of an earlier proof counts: one that fails must not leave an old success standing. What is not
 * proved has no `at`: earlier versions of mlk8s know only that.
 */
function note({ id, spec: { node } }: Declared<ProofSpec>, digest: string): Script {
  const patch = JSON.stringify({ data: { [recordName(id)]: JSON.stringify({ [WHAT]: NOW, node, digest }) } });
  return sh`
    note() {
      ${kubectl} get namespace ${NAMESPACE} -o name >/dev/null 2>&1 || ${kubectl} create namespace ${NAMESPACE} >/dev/null || return 1
      ${inOwn} get configmap ${RESULTS} -o name >/dev/null 2>&1 || ${inOwn} create configmap ${RESULTS} >/dev/null || return 1
      local patch=${patch}
      patch=\${patch/${WHAT}/"$1"}
      ${inOwn} patch configmap ${RESULTS} --type merge -p "\${patch/${NOW}/$(date -u +%Y-%m-%dT%H:%M:%SZ)}" >/dev/null
    }
    note begunAt
  `;
}

/** Only when nothing is left of it. */
const keep: Script = sh`
  clean
  trap - EXIT
  note at
  echo proved
`;
