import { posix } from 'node:path';
import type { Declared, Move } from '../engine/types.ts';
import { kustomization } from '../kubeflow/overlay.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { kubectl, NAMESPACE, NOISE } from './kube.ts';
import type { KustomizeStageSpec } from './kustomize-stage.ts';
import { RECEIPT_LABEL } from './stage-sight.ts';

type It = Declared<KustomizeStageSpec>;

/** Seconds until types are known and webhooks answer, some time after the pods of an earlier stage are ready. */
const TAKEN_S = 600;

/**
 * What the API says while a type is not known yet or a webhook does not answer yet. Everything else is an error.
 * facts: ml-platform sheet, 1.5 and 7 (3)
 */
const RACES =
  'no matches for kind|ensure CRDs are installed first|failed calling webhook|connection refused|no endpoints available';

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

/** Renders, applies, takes away what an earlier version brought, and writes the receipt last. */
export function applyMove(it: It, digest: string): Move {
  const { stage, title, source } = it.spec;
  const folder = posix.join(source, 'stages', stage);
  return {
    does: `apply ${title}`,
    on: it.on,
    run: lines(
      render(it, folder),
      apply,
      dropFormer(stage),
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
  until ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f rendered >/dev/null 2>said; do
    if grep -vE ${`${NOISE}|^$`} said | grep -vE ${RACES} >other; then cat other >&2; exit 1; fi
    if [ "$(date +%s)" -ge "$last" ]; then cat said >&2; echo ${`not all of it was taken within ${TAKEN_S} s`} >&2; exit 1; fi
    sleep 5
  done
`;

/** What the receipt of an earlier version names and this one does not bring. */
function dropFormer(stage: string): Script {
  return sh`
    ${kubectl} -n ${NAMESPACE} get configmap ${`stage-${stage}`} --ignore-not-found -o ${'jsonpath={.data.objects}'} >former
    awk ${'NR == FNR { split($1, v, "/"); kept[v[1] " " $2 " " $3 " " $4]; next } { split($1, v, "/") } NF == 4 && !((v[1] " " $2 " " $3 " " $4) in kept)'} objects former >dropped
    if [ -s dropped ]; then
      ${deletion(sh`awk ${AS_LIST} dropped`, '--wait=false')}
    fi
  `;
}

/** Deletes what a list in JSON names. A type that is not there any more took its objects along. */
export function deletion(list: Script, flag: string): Script {
  const fine = `${NOISE}|^$|no matches for kind|ensure CRDs are installed first`;
  return sh`
    said=$({ ${list} | ${kubectl} delete --ignore-not-found ${flag} -f - >/dev/null; } 2>&1) || {
      if printf '%s\n' "$said" | grep -vE ${fine} >&2; then exit 1; fi
    }
  `;
}

/** What is there of a stage; `rows` prints the objects, a line each. */
export function writeReceipt(stage: string, digest: string, rows: Script): Script {
  const metadata = { name: `stage-${stage}`, namespace: NAMESPACE, labels: { [RECEIPT_LABEL]: 'stage' } };
  const receipt = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { digest, objects: '%s' } });
  return sh`
    printf ${receipt} "$(${rows} | awk ${'{ printf "%s\\\\n", $0 }'})" |
      ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f - >/dev/null
  `;
}
