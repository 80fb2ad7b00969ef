import { createHash } from 'node:crypto';
import type { YAMLSeq } from 'yaml';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { asUser } from '../shell/as-user.ts';
import { type Script, sh } from '../shell/script.ts';
import { noAccount } from './account.ts';
import { parseAdmin } from './admin-config.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { leadsElsewhere, printed, putEntries, readKubeconfig, takeEntriesOut } from './kubeconfig-entries.ts';
import { gone, stays } from './stays.ts';

/** The user's kubeconfig has a context named after the cluster. Everything else in it is left alone. */
export type KubeconfigSpec = {
  readonly context: string;
  /** Addresses of the control planes; the first is used for a new entry. */
  readonly planes: readonly string[];
  /** On a machine: whose file it is. On the workstation it is that of who runs mlk8s. */
  readonly user?: string;
};

export function kubeconfig({ id, on, needs, ...spec }: Placed & KubeconfigSpec): Declared<KubeconfigSpec> {
  return { kind: 'kubeconfig', id, on, needs, spec };
}

export const kubeconfigKind: Kind<KubeconfigSpec> = {
  kind: 'kubeconfig',
  asks,
  judge,
  undo,
  givesBack: true,
  lives: 'workstation',
};

/** The same in a home on a machine, read and written as its owner. */
export function homeKubeconfig(spec: Placed & KubeconfigSpec & { readonly user: string }): Declared<KubeconfigSpec> {
  return { ...kubeconfig(spec), kind: 'home-kubeconfig' };
}

export const homeKubeconfigKind: Kind<KubeconfigSpec> = {
  kind: 'home-kubeconfig',
  aside: true,
  asks,
  judge: (it, world) => (hasAccount(it, world) ? judge(it, world) : noAccount(it.id, it.spec.user ?? '')),
  undo: (it, world) => (hasAccount(it, world) ? undo(it, world) : gone(`there is no account ${it.spec.user}`)),
  givesBack: true,
};

function hasAccount({ on }: Declared<KubeconfigSpec>, world: World): boolean {
  const answer = world.answer(on, 'kubeconfig');
  return answer.kind !== 'bytes' || answer.status !== 127;
}

/** Runs it as whoever owns the file; `input`: it wants the new content, which only root can read, on standard input. */
function asOwner({ user }: KubeconfigSpec, script: Script, input = false): Script {
  const run = user === undefined ? script : asUser(user, script);
  if (!input) return run;
  return sh`
    {
      ${run}
    } <"$INPUTS/kubeconfig"
  `;
}

/** The first file of KUBECONFIG, which kubectl writes to as well. */
const PATH: Script = sh`
  file=\${KUBECONFIG:-}
  file=\${file%%:*}
  file=\${file:-$HOME/.kube/config}
`;

function asks(it: Declared<KubeconfigSpec>): Ask[] {
  const mine = sh`
    ${PATH}
    echo "$file"
    [ -e "$file" ] && stat -L -c %a "$file" || echo 600
    if [ -e "$file" ]; then cat "$file"; fi
  `;
  return [
    { key: 'kubeconfig', on: it.on, sh: asOwner(it.spec, mine), timeoutS: 10 },
    { key: 'admin kubeconfig', on: 'cluster', sh: sh`microk8s config`, timeoutS: 20 },
  ];
}

function judge(it: Declared<KubeconfigSpec>, world: World): Verdict {
  const [mine] = asks(it) as [Ask];
  const theirs = world.text('cluster', 'admin kubeconfig');
  if (world.identity === undefined) {
    return {
      verdict: 'later',
      because: 'the cluster has to exist before it has a kubeconfig',
      after: 'microk8s/cluster@cluster',
    };
  }
  return judged(it, world, [mine], ({ text }) => {
    const { path, mode, before, document, damage } = readKubeconfig(text);
    if (damage) {
      return refused(it.id, `${path} is no kubeconfig: ${damage}`, 'it was damaged', `mend or move it: ${path}`);
    }
    const admin = parseAdmin(theirs ?? '');
    if (!admin)
      return { verdict: 'settling', because: 'the lead does not hand out its kubeconfig yet', deadlineS: 120 };
    const changes = putEntries(document, it.spec, admin);
    if (changes.length === 0 && mode === '600')
      return { verdict: 'ok', because: `context ${it.spec.context} is in ${path}` };
    const after = changes.length === 0 ? before : printed(document, before);
    const because =
      changes.length > 0 ? `${path} has ${changes.join(', ')}` : `${path} can be read by others (mode ${mode})`;
    return {
      verdict: 'change',
      because,
      moves: [
        {
          does: `put context ${it.spec.context} into ${path}`,
          on: it.on,
          run: asOwner(it.spec, write(before), true),
          deadlineS: 30,
          inputs: { kubeconfig: { secret: after } },
        },
      ],
      ...(before.trim() !== '' && !world.record(it.id) ? { adopts: true } : {}),
    };
  });
}

/** Stops where somebody else has changed the file since the question. */
function unchanged(before: string): Script {
  const sha256 = createHash('sha256').update(before).digest('hex');
  return sh`
    now=$(sha256sum <"$file" | cut -d' ' -f1)
    [ "$now" = ${sha256} ] || { echo "$file was changed meanwhile by something else" >&2; exit 1; }
  `;
}

/** Keeps the last version beside it. */
function write(before: string): Script {
  return sh`
    ${PATH}
    umask 077
    mkdir -p "$(dirname "$file")"
    if [ -e "$file" ]; then
      ${unchanged(before)}
      cp -p "$file" "$file.mlk8s-backup"
      chmod 600 "$file.mlk8s-backup"
    fi
    ${putInPlace}
  `;
}

const putInPlace: Script = sh`
    cat >"$file.mlk8s-new"
    if [ -L "$file" ]; then cat "$file.mlk8s-new" >"$file"; rm "$file.mlk8s-new"; else mv "$file.mlk8s-new" "$file"; fi
    chmod 600 "$file"
`;

/** Only the entries of the cluster go. A file that holds nothing else any more, and that mlk8s made, goes too. */
function undo(it: Recorded<KubeconfigSpec>, world: World): Verdict {
  const [mine] = asks(it) as [Ask];
  return judged(it, world, [mine], ({ text }) => {
    const { path, before, document, damage } = readKubeconfig(text);
    if (damage) return stays(`${path} is no kubeconfig any more: ${damage}`);
    const { context } = it.spec;
    if (leadsElsewhere(document, it.spec)) {
      return stays(`context ${context} in ${path} was changed after mlk8s wrote it: it leads to another address`);
    }
    if (!takeEntriesOut(document, context)) return gone(`context ${context} is not in ${path}`);
    const isEmpty = ['clusters', 'users', 'contexts'].every(
      (list) => (document.get(list) as YAMLSeq).items.length === 0,
    );
    const isDropped = isEmpty && it.origin === 'created';
    const run = asOwner(it.spec, isDropped ? removeWhole(before) : writeRest(before), !isDropped);
    const after = printed(document, before);
    const inputs = { kubeconfig: { secret: after } };
    const does = `take context ${context} out of ${path}`;
    return {
      verdict: 'change',
      because: 'it was put there by mlk8s',
      moves: [{ does, on: it.on, run, deadlineS: 30, inputs }],
    };
  });
}

/** The backup is older than the file, and holds the same secrets. */
function writeRest(before: string): Script {
  return sh`
    ${PATH}
    umask 077
    ${unchanged(before)}
    ${putInPlace}
    rm -f "$file.mlk8s-backup"
  `;
}

function removeWhole(before: string): Script {
  return sh`
    ${PATH}
    ${unchanged(before)}
    rm -f "$file" "$file.mlk8s-backup"
    rmdir --ignore-fail-on-non-empty "$(dirname "$file")"
  `;
}
