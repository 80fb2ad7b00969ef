import { posix } from 'node:path';
import type { Declared, Move } from '../engine/types.ts';
import { kustomization } from '../kubeflow/overlay.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import type { Workload } from './helm-sight.ts';
import { kubectl, NOISE } from './kube.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { listReceipts, rowsOf, UNFINISHED, writeReceipt } from './stage-receipt.ts';

type It = Declared<KustomizeStageSpec>;

/** Seconds until types are known and webhooks answer, some time after the pods of an earlier stage are ready. */
const TAKEN_S = 600;

/**
 * What the API says while a type is not known yet, a webhook does not answer yet, something of that name still goes, or
 * it has too much to do. Everything else is an error. facts: ml-platform sheet, 1.5 and 7 (3)
 */
const RACES = [
  'no matches for kind|ensure CRDs are installed first|could not find the requested resource',
  'failed calling webhook|connection refused|no endpoints available',
  'is being terminated|object is being deleted',
  'Client.Timeout exceeded|context deadline exceeded|TLS handshake timeout',
  'request did not complete within requested timeout',
].join('|');

/**
 * Object by object what a kustomization renders: `apiVersion kind namespace name`, `-` for no namespace. Of the keys of
 * `metadata` only, which kubectl indents by two blanks.
 */
export const OBJECTS = `
function end() { if (kind != "") print api, kind, (space == "" ? "-" : space), name; api = kind = space = name = "" }
/^---/ { end(); next }
/^[a-zA-Z]/ { within = ($1 == "metadata:") }
/^apiVersion: / { api = $2 }
/^kind: / { kind = $2 }
within && /^  name: / { name = $2; gsub(/["\\047]/, "", name) }
within && /^  namespace: / { space = $2; gsub(/["\\047]/, "", space) }
END { end() }`;

/** Rows of that list as JSON that kubectl reads. Of types that hold what others made, none: those are never deleted. */
const AS_LIST = `
BEGIN { printf "{\\"apiVersion\\":\\"v1\\",\\"kind\\":\\"List\\",\\"items\\":[" }
$2 != "Namespace" && $2 != "CustomResourceDefinition" && $2 != "PersistentVolumeClaim" {
  space = $3 == "-" ? "" : ",\\"namespace\\":\\"" $3 "\\""
  printf "%s{\\"apiVersion\\":\\"%s\\",\\"kind\\":\\"%s\\",\\"metadata\\":{\\"name\\":\\"%s\\"%s}}", comma, $1, $2, $4, space
  comma = ","
}
END { print "]}" }`;

/**
 * Renders, applies, takes away what an earlier version brought. The receipt names all that may be there before any of it
 * is, and is written anew last. `off`: workloads of it that were scaled to 0.
 */
export function applyMove(it: It, digest: string, off: readonly Workload[]): Move {
  const { stage, title, source, replaces, passes } = it.spec;
  const folder = posix.join(source, 'stages', stage);
  return {
    does: `apply ${title}`,
    on: it.on,
    run: lines(
      render(it, folder),
      readFormer(stage, passes),
      writeReceipt(stage, UNFINISHED, sh`cat objects former | awk ${ONCE}`),
      ...off.map(started),
      ...(replaces.length > 0 ? [dropReplaced(digest, replaces)] : []),
      apply,
      dropFormer,
      writeReceipt(stage, digest, sh`cat objects`),
      sh`rm -rf -- ${folder}`,
    ),
    deadlineS: TAKEN_S + 600,
  };
}

function render({ spec: { stage, overlay } }: It, folder: string): Script {
  return sh`
    rm -rf -- ${folder}
    mkdir -p -- ${folder}
    cd ${folder}
    printf %s ${JSON.stringify(kustomization(stage, overlay, '../..'))} >kustomization.yaml
    ${kubectl} kustomize . >rendered 2>said || { cat said >&2; exit 1; }
    awk ${OBJECTS} rendered >objects
    [ -s objects ] || { echo 'nothing was rendered' >&2; exit 1; }
  `;
}

/** Again and again, only for the errors of a race; what was written already is the same afterwards. */
const apply: Script = sh`
  last=$(($(date +%s) + ${TAKEN_S}))
  until ${kubectl} apply --request-timeout=60s --server-side --force-conflicts --field-manager=mlk8s -f rendered >/dev/null 2>said; do
    if grep -vE ${`${NOISE}|^$`} said | grep -vE ${RACES} >other; then cat other >&2; exit 1; fi
    if [ "$(date +%s)" -ge "$last" ]; then cat said >&2; echo ${`not all of it was taken within ${TAKEN_S} s`} >&2; exit 1; fi
    sleep 5
  done
`;

/** An object whatever its version, of a row. */
const OBJECT = 'function object() { split($1, v, "/"); return v[1] " " $2 " " $3 " " $4 }';
const ONCE = `${OBJECT}\n!seen[object()]++`;

/** What the receipts name that this stage had before this move, and what others have or will have. */
function readFormer(stage: string, passes: readonly string[]): Script {
  return sh`
    ${listReceipts} >receipts
    ${rowsOf(stage, 1, 'receipts')} >former
    { ${rowsOf(stage, 0, 'receipts')}; printf '%s\n' ${passes}; } >others
    before=$(awk -v stage=${stage} ${'NF == 3 && $2 == "stage-" stage { print $3 }'} receipts)
  `;
}

/** One pod, before it is applied: manifests that name a number say theirs then, of others an autoscaler does. */
function started({ kind, namespace, name }: Workload): Script {
  return sh`${kubectl} -n ${namespace} scale ${`${kind.toLowerCase()}/${name}`} --replicas=1`;
}

/** Of an earlier version it has fields that cannot be changed. */
function dropReplaced(digest: string, rows: readonly string[]): Script {
  return sh`
    if [ -s former ] && [ "$before" != ${digest} ]; then
      ${deletion(sh`printf '%s\n' ${rows} | awk ${AS_LIST}`, '--timeout=120s')}
    fi
  `;
}

/** What an earlier version brought and this one does not; what moved to another stage stays. */
const dropFormer: Script = sh`
  awk ${`${OBJECT}\nFILENAME != "former" { kept[object()]; next } !(object() in kept)`} objects others former >dropped
  if [ -s dropped ]; then
    ${deletion(sh`awk ${AS_LIST} dropped`, '--wait=false')}
  fi
`;

/** Deletes what a list in JSON names. A type that is not there any more took its objects along. */
export function deletion(list: Script, flag: string): Script {
  const fine = `${NOISE}|^$|no matches for kind|ensure CRDs are installed first`;
  return sh`
    said=$({ ${list} | ${kubectl} delete --ignore-not-found ${flag} -f - >/dev/null; } 2>&1) || {
      if printf '%s\n' "$said" | grep -vE ${fine} >&2; then exit 1; fi
    }
  `;
}
