import type { Declared, Move } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import type { HelmReleaseSpec } from './helm-release.ts';
import { BROUGHT_LABEL, DIGEST_LABEL, helm, listBrought, type Revision } from './helm-sight.ts';
import { kubectl } from './kube.ts';
import { UNPACK_LOCAL } from './local-chart.ts';

type It = Declared<HelmReleaseSpec>;

/** Seconds for the hooks of a chart, which pull images; Helm's own `--timeout` holds for each hook. */
const HOOK_S = 900;
/** Seconds for a move: the chart, its CRDs, its hooks. */
const MOVE_S = 1800;
/** Revisions that Helm keeps of a release: each is a secret of up to 1 MB in the datastore. */
const HISTORY = 5;

/** What a release is made of: its label, and the chart of the workstation as base64, if it is one. */
export interface Content {
  readonly digest: string;
  readonly packed: string | undefined;
}

/** Installs the release, or upgrades it to that revision. */
export function installMove(it: It, { digest, packed }: Content, revision: number): Move {
  const { release, namespace, chart, version, values } = it.spec;
  const key = `${namespace}-${release}`;
  const fetch = packed === undefined ? pull(it.spec, key) : unpack(key);
  return {
    does:
      revision === 1
        ? `install ${chart} ${version} as release ${release}`
        : `upgrade release ${release} (${chart} ${version})`,
    on: it.on,
    run: lines(fetch, crds, upgrade(it.spec, `${digest}.${revision}`, key), count(it.spec, revision)),
    deadlineS: MOVE_S,
    inputs: {
      [`values-${key}`]: { secret: JSON.stringify(values) },
      ...(packed === undefined ? {} : { [`chart-${key}`]: { secret: packed } }),
    },
  };
}

/** The chart is fetched once, into the folder that goes with the job: CRDs and release are of the same archive. */
function pull({ chart, version, repo, oci }: HelmReleaseSpec, key: string): Script {
  const from = oci === undefined ? [chart, '--repo', repo ?? ''] : [`${oci}/${chart}`];
  return sh`
    chart="$INPUTS"/fetched-${key}
    rm -rf "$chart"
    mkdir "$chart"
    ${helm} pull ${from} --version ${version} --destination "$chart"
    chart=$(ls "$chart"/*.tgz)
  `;
}

function unpack(key: string): Script {
  return sh`
    packed="$INPUTS"/chart-${key}
    ${UNPACK_LOCAL}
  `;
}

/** Helm installs the CRDs of a chart once and never upgrades them; disabled subcharts' CRDs come too, and do no harm. */
const crds = sh`
  crds=$(${helm} show crds "$chart")
  if [ -n "$crds" ]; then
    printf '%s\n' "$crds" | ${kubectl} apply --server-side --force-conflicts --field-manager=mlk8s -f -
  fi
`;

/** Without `--reset-values` Helm keeps the earlier values when the new ones are empty. */
function upgrade({ release, namespace }: HelmReleaseSpec, label: string, key: string): Script {
  return sh`
    ${helm} upgrade ${release} "$chart" --install --namespace ${namespace} --create-namespace --reset-values \
      --labels ${`${DIGEST_LABEL}=${label}`} --history-max ${HISTORY} --timeout ${`${HOOK_S}s`} -f - <"$INPUTS"/values-${key}
  `;
}

/** Notes how much there is, right behind Helm. What was scaled to 0 before it came has its replicas again. */
function count({ release, namespace }: HelmReleaseSpec, revision: number): Script {
  return sh`
    listed=$(${listBrought})
    listed=$(printf '%s\n' "$listed" | cut -f1,4,7 | grep -F ${`\t${namespace}/${release}\t`} || true)
    those() { printf '%s\n' "$listed" | grep -cE "$1" || true; }
    counted=$(those ${'^DaemonSet\t|^(Deployment|StatefulSet)\t.*\t[1-9]'})-$(those ${'^Service\t'})-$(those ${'^ConfigMap\t'})
    ${kubectl} -n ${namespace} label secrets -l ${`owner=helm,name=${release},version=${revision}`} \
      ${`${BROUGHT_LABEL}=`}"$counted".${revision} --overwrite
  `;
}

/** Counts what a release brought whose helm was cut off before that. */
export function countMove({ on, spec }: It, revision: number): Move {
  return { does: `count what release ${spec.release} brought`, on, run: count(spec, revision), deadlineS: 60 };
}

/**
 * What a helm that was cut off left behind keeps every later upgrade out. Then installs. `revisions`: the newest first.
 */
export function repair(it: It, content: Content, revisions: readonly Revision[]): Move[] {
  const { release, namespace } = it.spec;
  const whole = (status: string) => revisions.find((revision) => revision.status === status);
  // What a failed one brought may be in use: only what was cut off the very first time is removed.
  const last = whole('deployed') ?? whole('failed');
  if (!last) {
    const does = `remove what is there of release ${release}, which never was complete`;
    return [{ ...uninstallMove(it), does }, installMove(it, content, 1)];
  }
  const run = sh`${helm} rollback ${release} ${last.number} --namespace ${namespace} --timeout ${`${HOOK_S}s`}`;
  const does = `roll release ${release} back to revision ${last.number}`;
  // Rolling back makes a revision of its own.
  return [{ does, on: it.on, run, deadlineS: MOVE_S }, installMove(it, content, (revisions[0]?.number ?? 0) + 2)];
}

/** Does nothing where the release is gone already. */
export function uninstallMove({ on, spec: { release, namespace } }: It): Move & { run: Script } {
  const run = sh`${helm} uninstall ${release} --namespace ${namespace} --ignore-not-found --wait --timeout ${`${HOOK_S}s`}`;
  return { does: `uninstall release ${release}`, on, run, deadlineS: MOVE_S };
}
