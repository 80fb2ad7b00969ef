import type { Declared, Input, Move } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';
import type { SecretSpec } from './secret.ts';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** Digests of the values that the user gave: `key=digest,key=digest`. */
export const GIVEN = 'mlk8s.io/given';

/** Characters of a generated value; the sheet asks for 24 at least. */
const LENGTH = 32;

/** What is to be written into a Secret. A given value that is not at hand is undefined. */
export interface Lacking {
  readonly fixed: Readonly<Record<string, string>>;
  readonly generated: readonly string[];
  readonly given: Readonly<Record<string, { readonly value: string | undefined; readonly digest: string }>>;
}

/**
 * Writes what lacks, and nothing else. Generated values are made on the lead, of what its kernel gives; a key that got
 * one meanwhile keeps it. `kept`: digests that stay. No value is an argument of a program.
 */
export function writeMove(it: Declared<SecretSpec>, lacking: Lacking, kept: ReadonlyMap<string, string>): Move {
  const { namespace, name } = it.spec;
  const inputs = Object.entries(lacking.given).flatMap(([key, { value }]): [string, Input][] =>
    value === undefined ? [] : [[inputName(it.spec, key), { secret: value }]],
  );
  const keys = [...Object.keys(lacking.fixed), ...lacking.generated, ...Object.keys(lacking.given)];
  const run = lines(
    look(it.spec),
    ...Object.entries(lacking.fixed).map(([key, value]) => add(key, sh`${Buffer.from(value).toString('base64')}`)),
    ...lacking.generated.map(addGenerated),
    ...Object.keys(lacking.given).map((key) => add(key, sh`"$(base64 -w0 <"$INPUTS"/${inputName(it.spec, key)})"`)),
    write(it, lacking, kept),
  );
  const does = `write ${keys.join(', ')} into Secret ${namespace}/${name}`;
  return { does, on: it.on, run, deadlineS: 60, ...(inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {}) };
}

/**
 * Restarts Deployments that read the Secret, as far as they are there, before it is made anew: their pods wait for it.
 * After it, a run that is cut off in between would leave them with a password that nobody has any more.
 */
export function restartMove({ on, spec: { namespace } }: Declared<SecretSpec>, names: readonly string[]): Move {
  const run = sh`
    readers=$(${kubectl} --namespace ${namespace} get deployments ${names} --ignore-not-found -o name)
    for one in $readers; do ${kubectl} --namespace ${namespace} rollout restart "$one"; done
  `;
  return { does: `restart ${names.join(', ')}`, on, run, deadlineS: 60 };
}

/** Inputs of all changes of one job lie in one folder. */
function inputName({ namespace, name }: SecretSpec, key: string): string {
  return `${namespace}-${name}-${key}`;
}

/** pipefail: `tr` must come to its end by itself, or the signal that ends it would end the script. */
function look({ namespace, name }: SecretSpec): Script {
  return sh`
    ${kubectl} get namespace ${namespace} -o name >/dev/null 2>&1 || ${kubectl} create namespace ${namespace}
    there=$(${kubectl} --namespace ${namespace} get secret ${name} --ignore-not-found -o ${'jsonpath={.metadata.name} {.data}'})
    data=
    add() { data="$data\${data:+,}\"$1\":\"$2\""; }
    random() {
      local bytes
      bytes=$(head -c 1024 /dev/urandom | LC_ALL=C tr -dc A-Za-z0-9)
      [ "\${#bytes}" -ge ${LENGTH} ] || return 1
      printf %s "\${bytes:0:${LENGTH}}" | base64 -w0
    }
  `;
}

function add(key: string, value: Script): Script {
  return sh`add ${key} ${value}`;
}

function addGenerated(key: string): Script {
  return sh`
    case $there in
      *${`"${key}":"`}[!\"]*) ;;
      *) value=$(random); add ${key} "$value" ;;
    esac
  `;
}

function write(
  { id, spec: { namespace, name, type = 'Opaque', labels: more } }: Declared<SecretSpec>,
  { given }: Lacking,
  kept: ReadonlyMap<string, string>,
): Script {
  const digests = new Map([...kept, ...Object.entries(given).map(([key, { digest }]) => [key, digest] as const)]);
  const text = [...digests].map((pair) => pair.join('=')).join(',');
  const annotations = digests.size === 0 ? {} : { annotations: { [GIVEN]: text } };
  const labels = { ...more, [MANAGED_BY]: 'mlk8s', 'mlk8s.io/secret-for': id.split('/')[0] };
  const metadata = { name, namespace, labels, ...annotations };
  const whole = { apiVersion: 'v1', kind: 'Secret', type, metadata };
  const before = (object: object) => `${JSON.stringify(object).slice(0, -1)},"data":{`;
  return sh`
    if [ -z "$there" ]; then
      printf '%s%s}}' ${before(whole)} "$data" | ${kubectl} create -f -
    else
      printf '%s%s}}' ${before({ metadata: annotations })} "$data" |
        ${kubectl} --namespace ${namespace} patch secret ${name} --type merge --patch-file /dev/stdin
    fi
  `;
}
