import type { Cluster } from '../config/schema.ts';
import type { Ask } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import { smiAsk } from '../gpu/smi.ts';
import { kubectl, nodesAsk } from '../resources/kube.ts';
import { sh } from '../shell/script.ts';

const POD = [
  '{.metadata.namespace}',
  '{.spec.nodeName}',
  '{.status.phase}',
  '{.spec.overhead}',
  '{.spec.containers[*].resources}',
  '{.spec.initContainers[*].resources}',
];

/** What pods ask for, a line each with tabs between. Nothing else of them: their environment may hold secrets. */
export const requestsAsk: Ask = {
  key: 'cost requests',
  on: 'cluster',
  sh: sh`${kubectl} get pods -A -o ${`jsonpath={range .items[*]}${POD.join('{"\\t"}')}{"\\n"}{end}`}`,
  timeoutS: 60,
};

const CLAIM = ['{.metadata.namespace}', '{.status.phase}', '{.status.capacity.storage}'];

/** Sizes of volume claims, a line each. */
export const volumesAsk: Ask = {
  key: 'cost volumes',
  on: 'cluster',
  sh: sh`${kubectl} get persistentvolumeclaims -A -o ${`jsonpath={range .items[*]}${CLAIM.join('{"\\t"}')}{"\\n"}{end}`}`,
  timeoutS: 30,
};

/** The last day, by machine and namespace. facts: monitoring-and-cost sheet, 4.5 */
const ALLOCATION =
  '/api/v1/namespaces/opencost/services/opencost:9003/proxy/allocation?window=24h&aggregate=node,namespace&accumulate=true';

/** What OpenCost counted. */
export const allocationAsk: Ask = {
  key: 'cost allocation',
  on: 'cluster',
  sh: sh`microk8s kubectl --request-timeout=45s get --raw ${ALLOCATION}`,
  timeoutS: 60,
};

/**
 * What a machine is, and what it draws at this moment: two looks at the counters of its processor, two seconds apart, and
 * the power of its cards. facts: monitoring-and-cost sheet, 5.2
 */
export function powerAsk(host: string): Ask {
  const script = sh`
    rapl=/sys/class/powercap
    look() {
      echo "at $EPOCHREALTIME"
      for zone in "$rapl"/intel-rapl:*; do
        [ -r "$zone/energy_uj" ] || continue
        echo "$(cat "$zone/name") \${zone##*/} $(cat "$zone/energy_uj") $(cat "$zone/max_energy_range_uj")"
      done
    }
    echo "machine $(uname -m) $(cat /sys/class/dmi/id/chassis_type)"
    look
    if [ -r "$rapl/intel-rapl:0/energy_uj" ]; then sleep 2; look; fi
    echo cards
    nvidia-smi ${'--query-gpu=pci.bus_id,power.draw'} --format=csv,noheader,nounits
  `;
  return { key: 'power', on: { host }, sh: script, timeoutS: 40 };
}

/** All that the cost of a cluster is made of. Reads only. */
export function costAsks(file: Cluster, hosts: readonly string[]): Ask[] {
  const ofCluster = [nodesAsk, requestsAsk, volumesAsk, ...(file.cost?.opencost ? [allocationAsk] : [])];
  return [...ofCluster, ...hosts.flatMap((host) => [cardsAsk(host), smiAsk(host), powerAsk(host)])];
}
