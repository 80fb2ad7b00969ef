import { NAMESPACE } from '../resources/kube.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { dropOriginals, recordName } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import type { Declared, Id, InventoryRecord, Where } from './types.ts';

const CONFIG_MAP = 'inventory';

/** Prints all records of a host, one JSON object a line. */
export const listHostRecords: Script = sh`cat ${MACHINE_STATE}/inventory/*.json 2>/dev/null`;

/** Prints the records of the cluster: a ConfigMap as JSON, or nothing. */
export const listClusterRecords: Script = sh`
  microk8s kubectl --request-timeout=10s -n ${NAMESPACE} get configmap ${CONFIG_MAP} -o json --ignore-not-found
`;

/** Prints the records of the workstation that belong to that cluster. */
export function listWorkstationRecords(cluster: string): Script {
  return sh`cat ${workstationRecords(cluster)}/*.json 2>/dev/null`;
}

const WORKSTATION_STATE: Script = { bash: `"\${XDG_STATE_HOME:-$HOME/.local/state}"/mlk8s` };

/** Writes one record where it belongs. Part of the job that makes the change. */
export function writeRecord(record: InventoryRecord, cluster: string): Script {
  const name = `${recordName(record.id)}.json`;
  const json = JSON.stringify(record);
  if (record.on === 'cluster') return writeClusterRecord(name, json);
  const folder = folderOf(record.on, cluster);
  const file = sh`${folder}/${name}`;
  // A power cut must not leave a change without its record.
  const sync = record.on === 'workstation' ? sh`true` : sh`sync ${file}.new`;
  return lines(
    ...(record.on === 'workstation' ? [sh`(umask 077; mkdir -p ${folder})`] : []),
    // On a full disk half a record must not take the place of a whole one; there is no errexit here.
    sh`(umask 077; printf '%s\n' ${json} >${file}.new) && ${sync} && mv ${file}.new ${file}`,
  );
}

function folderOf(on: Where, cluster: string): Script {
  return on === 'workstation' ? workstationRecords(cluster) : sh`${MACHINE_STATE}/inventory`;
}

/** Folder of the records that the workstation keeps of a cluster. */
export function workstationRecords(cluster: string): Script {
  return sh`${WORKSTATION_STATE}/inventory/${cluster}`;
}

/**
 * Removes a record and, before it, what was kept for it: a record without its earlier file is harmless, an earlier file
 * that no record tells of would be taken for that of the next one. Part of the job that undid it; also when there is
 * none any more.
 */
export function removeRecord({ id, on }: Pick<InventoryRecord, 'id' | 'on'>, cluster: string): Script {
  const name = `${recordName(id)}.json`;
  if (on !== 'cluster') {
    return lines(...(on === 'workstation' ? [] : [dropOriginals(id)]), sh`rm -f ${folderOf(on, cluster)}/${name}`);
  }
  const json = JSON.stringify({ data: { [name]: null } });
  return sh`
    if microk8s kubectl -n ${NAMESPACE} get configmap ${CONFIG_MAP} -o name >/dev/null 2>&1; then
      microk8s kubectl --request-timeout=20s -n ${NAMESPACE} patch configmap ${CONFIG_MAP} --type merge -p ${json}
    fi
  `;
}

function writeClusterRecord(name: string, record: string): Script {
  const kubectl = sh`microk8s kubectl --request-timeout=20s`;
  const json = JSON.stringify({ data: { [name]: record } });
  const patch = sh`${kubectl} -n ${NAMESPACE} patch configmap ${CONFIG_MAP} --type merge -p ${json} >/dev/null`;
  return lines(
    // The change itself may have restarted the API: the record of it waits for the API to come back.
    sh`for try in $(seq 60); do if ${kubectl} get --raw /readyz >/dev/null 2>&1; then break; fi; sleep 5; done`,
    // The very first record finds no place to be put in yet.
    sh`
      ${patch} 2>&1 || {
        ${kubectl} get namespace ${NAMESPACE} -o name >/dev/null 2>&1 || ${kubectl} create namespace ${NAMESPACE}
        ${kubectl} -n ${NAMESPACE} create configmap ${CONFIG_MAP}
        ${patch}
      }
    `,
  );
}

/** The record of a resource at the moment of a change. An origin that was written once stays. */
export function recordFor(
  it: Declared,
  state: InventoryRecord['state'],
  known: InventoryRecord | undefined,
  adopts: boolean,
  { needs, cluster }: { readonly needs: readonly Id[]; readonly cluster: string },
): InventoryRecord {
  const origin = known?.origin ?? (adopts ? 'adopted' : 'created');
  return { id: it.id, kind: it.kind, on: it.on, spec: it.spec, origin, state, cluster, needs };
}

/** True when something among the records of a place is none: it was damaged, or put there by somebody else. */
export function hasDamagedRecord(on: Where, text: string): boolean {
  return parseRecords(on, text).length < recordTexts(on, text).length;
}

/** Reads records of a place. Lines that are no record are left out. */
export function parseRecords(on: Where, text: string): InventoryRecord[] {
  return recordTexts(on, text).flatMap((line) => {
    const value = parseJson(line);
    // Where it is kept, whatever it says: nobody may have something undone on another machine.
    return isRecord(value) ? [{ ...value, on }] : [];
  });
}

function recordTexts(on: Where, text: string): string[] {
  return on === 'cluster' ? configMapValues(text) : text.split('\n').filter((line) => line.trim() !== '');
}

function configMapValues(text: string): string[] {
  const map = parseJson(text) as { data?: Record<string, string> } | undefined;
  return Object.values(map?.data ?? {});
}

function isRecord(value: unknown): value is InventoryRecord {
  const it = value as Partial<InventoryRecord> | undefined;
  const known = it?.state === 'pending' || it?.state === 'done';
  const { id, kind, cluster = '', needs = [] } = it ?? {};
  const isIds = Array.isArray(needs) && needs.every((need) => typeof need === 'string');
  const isText = [id, kind, cluster].every((value) => typeof value === 'string');
  return known && isText && isIds && isSpec(it.spec);
}

function isSpec(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function parseJson(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
