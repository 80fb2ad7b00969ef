import { lines, type Script, sh } from '../shell/script.ts';
import { kubectl } from './kube.ts';

/** A value of another Secret. */
export type SecretKey = { readonly namespace: string; readonly name: string; readonly key: string };

/** The cost that Kubeflow's own hashes have, ml-platform sheet, 1.8. A quarter of a second of one core. */
const COST = 12;

/**
 * The password comes on standard input, so that no list of processes has it. perl-base is on every Ubuntu; its crypt is
 * that of libxcrypt. bcrypt reads 72 bytes, and none after a NUL: others would be taken for the same password.
 */
const BCRYPT = `
use strict;
binmode STDIN;
my $password = do { local $/; <STDIN> };
die "a password of this length cannot be hashed\\n" if length $password > 72 or $password =~ /\\0/;
open my $random, "<:raw", "/dev/urandom" or die "no random bytes: $!\\n";
read($random, my $bytes, 22) == 22 or die "too few random bytes\\n";
my @letters = (".", "/", "A" .. "Z", "a" .. "z", "0" .. "9");
my $hash = crypt $password, "\\$2b\\$${COST}\\$" . join "", map { $letters[$_ & 63] } unpack "C*", $bytes;
die "perl on this machine knows no bcrypt\\n" unless $hash =~ m{^\\$2b\\$${COST}\\$[./A-Za-z0-9]{53}$};
print $hash;
`;

/** Prints the value of a key, in base64, of what `sources` holds. */
const VALUE = `
index($0, from) == 1 {
  for (i = 2; i < NF; i += 4) if ($i == key) print $(i + 2)
}`;

/**
 * Bash functions, and the variable `sources` with all values of those Secrets. `own`: words of bash for what is in it
 * before. Values stay in variables of that bash and in pipes. Ends the script when the API does not answer.
 */
export function readSources(keys: readonly SecretKey[], own: Script): Script {
  const gets = [...new Set(keys.map(({ namespace }) => namespace))].map((namespace) => {
    const all = [...new Set(keys.flatMap((it) => (it.namespace === namespace ? [it.name] : [])))];
    // Of one name kubectl prints the object, of several a list, whatever is there.
    const row = `${namespace}/{.metadata.name} {.data}{"\\n"}`;
    const format = `jsonpath=${all.length === 1 ? row : `{range .items[*]}${row}{end}`}`;
    return sh`sources=$sources$'\n'$(${kubectl} --namespace ${namespace} get secret ${all} --ignore-not-found -o ${format}) || exit 1`;
  });
  return lines(
    sh`
      sources=${own}
      value_of() { printf '%s\n' "$sources" | awk -F '"' -v from="$1 " -v key="$2" ${VALUE}; }
      digest() { printf '%s\n' "$@" | sha256sum | cut -c 1-40; }
    `,
    ...gets,
  );
}

/** `namespace/name`, as people and `value_of` call it. */
export const nameOf = ({ namespace, name }: Omit<SecretKey, 'key'>): string => `${namespace}/${name}`;

/**
 * Prints of each key `from KEY same`, `other` or `none`: how it compares with what it is made of. A hash is made of a
 * password when the digest that was kept beside it says so; `$made` is `KEY=salt.digest,…`.
 */
export function compareSources(
  self: Omit<SecretKey, 'key'>,
  copied: Readonly<Record<string, SecretKey>>,
  hashed: Readonly<Record<string, SecretKey>>,
): Script {
  const row = (how: string, key: string, from: SecretKey) =>
    sh`compare ${how} ${key} "$(value_of ${nameOf(from)} ${from.key})" "$(value_of ${nameOf(self)} ${key})"`;
  return lines(
    sh`
      compare() {
        local found=other kept salt
        case ,$made in *",$2="*) kept=",$made"; kept=\${kept#*",$2="}; kept=\${kept%%,*} ;; *) kept= ;; esac
        salt=\${kept%%.*}
        if [ -z "$3" ]; then found=none
        elif [ "$1" = copied ]; then [ "$3" != "$4" ] || found=same
        elif [ "$kept" = "$salt.$(digest "$salt" "$2" "$3" "$4")" ]; then found=same
        fi
        printf 'from\t%s\t%s\n' "$2" "$found"
      }
    `,
    ...Object.entries(copied).map(([key, from]) => row('copied', key, from)),
    ...Object.entries(hashed).map(([key, from]) => row('hashed', key, from)),
  );
}

/** Adds these keys to what is written: `add` takes a key and its value in base64, `made` gets the digests. */
export function addDerived(
  copied: Readonly<Record<string, SecretKey>>,
  hashed: Readonly<Record<string, SecretKey>>,
): Script {
  const all = [...Object.values(copied), ...Object.values(hashed)];
  if (all.length === 0) return sh``;
  return lines(
    readSources(all, sh``),
    sh`
      needed() {
        local value
        value=$(value_of "$1" "$2")
        if [ -z "$value" ]; then echo "Secret $1 has no $2" >&2; return 1; fi
        printf %s "$value"
      }
      bcrypt() { perl -e ${BCRYPT}; }
    `,
    ...Object.entries(copied).map(
      ([key, from]) => sh`value=$(needed ${nameOf(from)} ${from.key}); add ${key} "$value"`,
    ),
    ...Object.entries(hashed).map(
      ([key, from]) => sh`
        password=$(needed ${nameOf(from)} ${from.key})
        value=$(printf %s "$password" | base64 -d | bcrypt | base64 -w0)
        salt=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')
        add ${key} "$value"
        made="$made\${made:+,}"${key}="$salt.$(digest "$salt" ${key} "$password" "$value")"
      `,
    ),
  );
}
