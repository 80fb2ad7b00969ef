import { type Script, sh } from '../shell/script.ts';
import { kubectl, NAMESPACE } from './kube.ts';

/** Label of the ConfigMaps `stage-STAGE` in which what was applied last is written down. */
const RECEIPT_LABEL = 'mlk8s.io/receipt';

/** In place of the digest, from before anything is applied until all of it was: it names what may be there. */
export const UNFINISHED = 'unfinished';

const ROWS = `jsonpath={range .items[*]}stage {.metadata.name} {.data.digest}{"\\n"}{.data.objects}{"\\n"}{end}`;

/** All receipts: `stage stage-STAGE DIGEST`, then the objects of that stage, a row `apiVersion kind namespace name` each. */
export const listReceipts: Script = sh`${kubectl} -n ${NAMESPACE} get configmaps -l ${RECEIPT_LABEL} -o ${ROWS}`;

/** Awk: keeps the rows of one stage, or those of all others, from that list. */
const ROWS_OF = 'NF == 3 { own = ($2 == "stage-" stage) } NF == 4 && own == wanted';

/** The rows of a stage (`wanted` 1) or of all others (0), from a file with that list. */
export function rowsOf(stage: string, wanted: 0 | 1, file: string): Script {
  return sh`awk -v stage=${stage} -v wanted=${wanted} ${ROWS_OF} ${file}`;
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

/** Nothing is left of it. */
export function dropReceipt(stage: string): Script {
  return sh`${kubectl} -n ${NAMESPACE} delete configmap ${`stage-${stage}`} --ignore-not-found`;
}
