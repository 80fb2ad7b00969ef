import type { Cluster } from '../config/schema.ts';
import { membershipAsk } from '../resources/membership.ts';
import { listDebts } from '../shell/debts.ts';
import { listOpenJobs } from '../shell/job.ts';
import { listClusterRecords, listHostRecords, listWorkstationRecords } from './inventory.ts';
import type { Ask } from './types.ts';

/** Asks for the records of the cluster. */
export const clusterRecordsAsk: Ask = { key: 'mlk8s.inventory', on: 'cluster', sh: listClusterRecords, timeoutS: 20 };

/** Asks for what the workstation keeps of a cluster. */
export function workstationRecordsAsk(file: Cluster): Ask {
  const sh = listWorkstationRecords(file.name);
  return { key: 'mlk8s.inventory', on: 'workstation', sh, timeoutS: 10 };
}

/** Asks for the records that are asked for only beside other questions: those of the cluster and of the workstation. */
export function recordAsks(file: Cluster): Ask[] {
  return [clusterRecordsAsk, workstationRecordsAsk(file)];
}

/** What the engine itself wants to know of every machine. */
export function engineAsks(host: string): Ask[] {
  const on = { host };
  return [
    { key: 'mlk8s.inventory', on, sh: listHostRecords, timeoutS: 10 },
    { key: 'mlk8s.debts', on, sh: listDebts, timeoutS: 10 },
    { key: 'mlk8s.jobs', on, sh: listOpenJobs, timeoutS: 20 },
    membershipAsk(host),
  ];
}
