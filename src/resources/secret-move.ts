import type { Declared, Input, Move } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';
import type { SecretSpec } from './secret.ts';
import { addDerived, nameOf, type SecretKey } from './secret-derived.ts';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** Digests of the values that the user gave: `key=digest,key=digest`. */
export const GIVEN = 'mlk8s.io/given';
/** What hashes were made of: `key=salt.digest,key=salt.digest`. */
export const HASHED = 'mlk8s.io/hashed';
/** Another value with each change that pods have to hear of. */
export const REVISION = 'mlk8s.io/revision';
/** Annotation of those pods, with the name of the Secret behind it: the revision that they started with. */
export const READS = 'mlk8s.io/reads-';

/** Characters of a generated value; the sheet asks for 24 at least. */
const LENGTH = 32;

/** What is to be written into a Secret. A given value that is not at hand is undefined. */
export interface Lacking {
  readonly fixed: Readonly<Record<string, string>>;
  readonly generated: readonly string[];
  readonly given: Readonly<Record<string, { readonly value: string | undefined; readonly digest: string }>>;
  readonly copied: Readonly<Record<string, SecretKey>>;
  readonly hashed: Readonly<Record<string, SecretKey>>;
  /** Keys of ours that nobody asks for any more. */
  readonly stale: readonly string[];
}

/** Digests that stay, by key. */
export interface Kept {
  readonly given: readonly (readonly [string, string])[];
  readonly hashed: readonly (readonly [string, string])[];
}

/**
 * Writes what lacks, and nothing else. Generated values and hashes are made on the lead, of what its kernel gives; a key
 * that got a generated one meanwhile keeps it. No value is an argument of a program. `isRead`: by pods, now.
 */
export function writeMove(it: Declared<SecretSpec>, lacking: Lacking, kept: Kept, isRead: boolean): Move {
  const inputs = Object.entries(lacking.given).flatMap(([key, { value }]): [string, Input][] =>
    value === undefined ? [] : [[inputName(it.spec, key), { secret: value }]],
  );
  const run = lines(
    look(it.spec, kept),
    ...Object.entries(lacking.fixed).map(([key, value]) => add(key, sh`${Buffer.from(value).toString('base64')}`)),
    ...lacking.generated.map(addGenerated),
    ...Object.keys(lacking.given).map((key) => add(key, sh`"$(base64 -w0 <"$INPUTS"/${inputName(it.spec, key)})"`)),
    addDerived(lacking.copied, lacking.hashed),
    ...lacking.stale.map((key) => sh`data="$data\${data:+,}"${`"${key}":null`}`),
    write(it, lacking, kept),
    ...(it.spec.readBy ? [start(it.spec, it.spec.readBy)] : []),
  );
  const anew = isRead && it.spec.readBy ? `, and start Deployment ${nameOf(it.spec.readBy)} anew with it` : '';
  return {
    does: `${doing(it.spec, lacking)}${anew}`,
    on: it.on,
    run,
    deadlineS: 60,
    ...(inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {}),
  };
}

function doing(spec: SecretSpec, { fixed, generated, given, copied, hashed, stale }: Lacking): string {
  const title = `Secret ${nameOf(spec)}`;
  const keys = [fixed, given, copied, hashed].flatMap((it) => Object.keys(it));
  keys.splice(Object.keys(fixed).length, 0, ...generated);
  const written = keys.length > 0 ? [`write ${keys.join(', ')} into ${title}`] : [];
  const taken = stale.length > 0 ? [`take ${stale.join(', ')} out of ${written.length > 0 ? 'it' : title}`] : [];
  return [...written, ...taken].join(', ');
}

/** Starts the pods anew that know an earlier revision. */
export function startMove(it: Declared<SecretSpec>, revision: string): Move {
  const reader = it.spec.readBy ?? it.spec;
  const run = lines(sh`revision=${revision}`, sh`reader=yes`, start(it.spec, reader));
  const does = `start Deployment ${nameOf(reader)} anew with Secret ${nameOf(it.spec)}`;
  return { does, on: it.on, run, deadlineS: 60 };
}

/** Other pods come in their place, by and by: who judges the Deployment waits for them. */
function start(spec: SecretSpec, { namespace, name }: NonNullable<SecretSpec['readBy']>): Script {
  const annotations = { [`${READS}${spec.name}`]: '@revision@' };
  const patch = JSON.stringify({ spec: { template: { metadata: { annotations } } } });
  return sh`
    if [ -n "$reader" ]; then
      patch=${patch}
      ${kubectl} --namespace ${namespace} patch deployment ${name} --type merge -p "\${patch/@revision@/$revision}"
    fi
  `;
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
function look({ namespace, name, readBy }: SecretSpec, kept: Kept): Script {
  const reader = readBy
    ? sh`$(${kubectl} --namespace ${readBy.namespace} get deployment ${readBy.name} -o name --ignore-not-found)`
    : sh``;
  return sh`
    ${kubectl} get namespace ${namespace} -o name >/dev/null 2>&1 || ${kubectl} create namespace ${namespace}
    there=$(${kubectl} --namespace ${namespace} get secret ${name} --ignore-not-found -o ${'jsonpath={.metadata.name} {.data}'})
    reader=${reader}
    revision=
    made=${pairs(kept.hashed)}
    data=
    add() { data="$data\${data:+,}\"$1\":\"$2\""; }
    random() {
      local bytes
      bytes=$(head -c 1024 /dev/urandom | LC_ALL=C tr -dc A-Za-z0-9)
      [ "\${#bytes}" -ge ${LENGTH} ] || return 1
      printf %s "\${bytes:0:${LENGTH}}" | base64 -w0
    }
    if [ -n "$reader" ]; then revision=$(date +%s)-$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n'); fi
  `;
}

const pairs = (all: Kept['given']): string => all.map((pair) => pair.join('=')).join(',');

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

function write({ id, spec }: Declared<SecretSpec>, { given }: Lacking, kept: Kept): Script {
  const { namespace, name, type = 'Opaque', labels: more } = spec;
  const digests = new Map([...kept.given, ...Object.entries(given).map(([key, { digest }]) => [key, digest] as const)]);
  const all = {
    ...(digests.size === 0 ? {} : { [GIVEN]: pairs([...digests]) }),
    ...(spec.hashed ? { [HASHED]: '@made@' } : {}),
    ...(spec.readBy ? { [REVISION]: '@revision@' } : {}),
  };
  const annotations = Object.keys(all).length === 0 ? {} : { annotations: all };
  const labels = { ...more, [MANAGED_BY]: 'mlk8s', 'mlk8s.io/secret-for': id.split('/')[0] };
  const metadata = { name, namespace, labels, ...annotations };
  const whole = { apiVersion: 'v1', kind: 'Secret', type, metadata };
  const before = (object: object) => `${JSON.stringify(object).slice(0, -1)},"data":{`;
  return sh`
    if [ -z "$there" ]; then before=${before(whole)}; else before=${before({ metadata: annotations })}; fi
    before=\${before/@made@/"$made"}
    before=\${before/@revision@/"$revision"}
    if [ -z "$there" ]; then
      printf '%s%s}}' "$before" "$data" | ${kubectl} create -f -
    else
      printf '%s%s}}' "$before" "$data" |
        ${kubectl} --namespace ${namespace} patch secret ${name} --type merge --patch-file /dev/stdin
    fi
  `;
}
