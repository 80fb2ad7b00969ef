import type { Ask, Declared } from '../engine/types.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import type { Given } from './answers.ts';
import { kubectl } from './kube.ts';
import type { SecretSpec } from './secret.ts';
import { compareSources, nameOf, readSources } from './secret-derived.ts';
import { GIVEN, HASHED, MANAGED_BY, READS, REVISION } from './secret-move.ts';

const path = (key: string): string => key.replaceAll('.', '\\.');

/** A line each: who manages it, three annotations, and all values behind its name. */
function formatOf(spec: SecretSpec): string {
  const annotations = [GIVEN, HASHED, REVISION].map((key) => `{.metadata.annotations.${path(key)}}`);
  const rows = [`{.metadata.labels.${path(MANAGED_BY)}}`, ...annotations, `${nameOf(spec)} {.data}`];
  return `jsonpath=${rows.join('{"\\n"}')}{"\\n"}`;
}

/** Values stay on the lead: of those that are secret it tells how many bytes they have. */
const LENGTHS = `
NR == 1 { print "managed\\t" $0 }
NR == 2 { print "given\\t" $0 }
NR == 3 { print "hashed\\t" $0 }
NR == 4 { print "revision\\t" $0 }
NR == 5 {
  for (i = 2; i < NF; i += 4) {
    value = $(i + 2)
    bytes = length(value) / 4 * 3 - gsub(/[=]/, "=", value)
    print "key\\t" $i "\\t" bytes "\\t" (index(public, " " $i " ") ? value : "")
  }
}`;

/** What is asked of the Secret, of those that it is made of, and of the Deployment that reads it. */
export function secretAsk({ id, spec }: Declared<SecretSpec>): Ask {
  const { namespace, name, fixed, copied = {}, hashed = {}, readBy } = spec;
  const shown = `public= ${Object.keys(fixed).join(' ')} `;
  const from = [...Object.values(copied), ...Object.values(hashed)];
  const script = lines(
    sh`
      set -o pipefail
      own=$(${kubectl} --namespace ${namespace} get secret ${name} --ignore-not-found -o ${formatOf(spec)}) || exit 1
      if [ -n "$own" ]; then printf '%s\n' "$own" | awk -F '"' -v ${shown} ${LENGTHS}; fi
    `,
    ...(from.length > 0
      ? [
          sh`made=$(printf '%s\n' "$own" | sed -n 3p)`,
          readSources(from, sh`$own`),
          compareSources(spec, copied, hashed),
        ]
      : []),
    ...(readBy ? [readerAsk(name, readBy)] : []),
  );
  return { key: `secret ${id}`, on: 'cluster', sh: script, timeoutS: 20 };
}

function readerAsk(name: string, reader: NonNullable<SecretSpec['readBy']>): Script {
  const format = `jsonpath=reader{"\\t"}{.spec.template.metadata.annotations.${path(`${READS}${name}`)}}{"\\n"}`;
  return sh`${kubectl} --namespace ${reader.namespace} get deployment ${reader.name} --ignore-not-found -o ${format}`;
}

/** What is known of a Secret. */
export interface Sight {
  /** It exists. */
  readonly isThere: boolean;
  readonly managedBy: string;
  /** Digest of what the user gave, by key, as it was last written. */
  readonly given: ReadonlyMap<string, string>;
  /** Salt and digest of what each hash was made of, and of the hash. */
  readonly hashed: ReadonlyMap<string, string>;
  /** Another one each time that it is written while pods read it. Empty: none did. */
  readonly revision: string;
  /** Bytes of each key; values of those that are no secret. */
  readonly keys: ReadonlyMap<string, { readonly bytes: number; readonly value: string }>;
  /** Keys with what they should be made of: `none` when there is no such value. */
  readonly from: ReadonlyMap<string, string>;
  /** With which revision the pods of the Deployment started; undefined: there is no such Deployment. */
  readonly readBy: string | undefined;
}

export function sightOf({ text }: Given): Sight {
  const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  const told = (what: string) => rows.find(([first]) => first === what)?.[1];
  const pairs = (what: string) => {
    const all = (told(what) ?? '').split(',').filter((pair) => pair !== '');
    return new Map(all.map((pair) => pair.split('=') as [string, string]));
  };
  const keys = rows.flatMap(([what, key = '', bytes, value = '']) =>
    what === 'key'
      ? [[key, { bytes: Number(bytes), value: Buffer.from(value, 'base64').toString('utf8') }] as const]
      : [],
  );
  return {
    isThere: told('managed') !== undefined,
    managedBy: told('managed') ?? '',
    given: pairs('given'),
    hashed: pairs('hashed'),
    revision: told('revision') ?? '',
    keys: new Map(keys),
    from: new Map(rows.flatMap(([what, key = '', how = '']) => (what === 'from' ? [[key, how] as const] : []))),
    readBy: told('reader'),
  };
}
