import type { AptSource } from '../devbox/sources.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { missing, noteOnce, removeMade } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged, unread } from './answers.ts';
import type { Placed } from './declare.ts';
import { readTool, type SeenTool, type Tool, toolAsk } from './elsewhere.ts';
import { gone, stays } from './stays.ts';
import { unfinished } from './write.ts';

/**
 * An archive of packages besides Ubuntu's, with a key that is trusted for it alone. The machine fetches the key and looks
 * at its fingerprint before anything trusts it. Who has the archive already keeps it as it is: apt fails altogether when
 * two files name the same archive with different keys.
 */
export type AptSourceSpec = AptSource & {
  /** In the names of its files, and as people call it. */
  readonly name: string;
  /** Not where this program is there already, from elsewhere. */
  readonly unless: Tool;
};

export function aptSource({ id, on, needs, ...spec }: Placed & AptSourceSpec): Declared<AptSourceSpec> {
  return { kind: 'apt-source', id, on, needs, spec };
}

export const aptSourceKind: Kind<AptSourceSpec> = { kind: 'apt-source', asks, judge, undo };

const LISTS = '/etc/apt/sources.list.d';
const sourcePath = ({ name }: AptSourceSpec) => `${LISTS}/mlk8s-${name}.sources`;
const keyPath = ({ name }: AptSourceSpec) => `/etc/apt/keyrings/mlk8s-${name}.gpg`;

/** Ends the part of an answer that is facts; what follows is our file. */
const CONTENT = '-- content';

/**
 * Of a file without comments, what apt reads: blocks between empty lines that are not switched off. Ubuntu's own upgrade to
 * another release switches such archives off. man 5 sources.list; apt takes these words for no.
 */
const ENABLED =
  'BEGIN { RS = "" } tolower($0) !~ /(^|\\n)enabled:[ \\t]*(no|false|without|off|disable|0)[ \\t]*(\\n|$)/';

function asks(it: Declared<AptSourceSpec>): Ask[] {
  return [sourceAsk(it), toolAsk(it.on, it.spec.unless)];
}

function sourceAsk(it: Declared<AptSourceSpec>): Ask {
  const { name, uri } = it.spec;
  const source = sourcePath(it.spec);
  const key = keyPath(it.spec);
  const script = sh`
    echo "arch $(dpkg --print-architecture)"
    echo "codename $(. /etc/os-release; echo "\${UBUNTU_CODENAME:-$VERSION_CODENAME}")"
    for file in /etc/apt/sources.list ${LISTS}/*.list ${LISTS}/*.sources; do
      if [ "$file" = ${source} ] || [ ! -f "$file" ]; then continue; fi
      if grep -v '^[[:space:]]*#' "$file" | awk ${ENABLED} | tr -s '[:blank:]' '\n' | grep -cxF -e ${uri} -e ${`${uri}/`} >/dev/null; then
        echo "theirs $file"
      fi
    done
    if [ -f ${key} ]; then echo "key $(sha256sum ${key} | cut -d ' ' -f 1)"; fi
    echo ${CONTENT}
    if [ -f ${source} ]; then cat ${source}; fi
  `;
  return { key: `apt source ${name}`, on: it.on, sh: script, timeoutS: 30 };
}

/** A machine as `asks` saw it. */
interface Seen {
  readonly arch: string;
  readonly codename: string;
  /** Files of others that name the same archive. */
  readonly theirs: readonly string[];
  readonly tool: SeenTool;
  /** Checksum of our key's file; undefined: there is none. */
  readonly key: string | undefined;
  readonly content: string;
}

/** Undefined: the answer is not whole. */
function read({ spec }: Declared<AptSourceSpec>, { text }: Given, program: Given): Seen | undefined {
  const end = text.indexOf(`${CONTENT}\n`);
  const tool = readTool(program.text, spec.unless);
  if (end < 0 || !tool) return undefined;
  const facts = text.slice(0, end);
  const one = (word: string) => new RegExp(`^${word} (.+)$`, 'm').exec(facts)?.[1];
  return {
    arch: one('arch') ?? '',
    codename: one('codename') ?? '',
    theirs: [...facts.matchAll(/^theirs (.+)$/gm)].map(([, file = '']) => file),
    tool,
    key: one('key'),
    content: text.slice(end + CONTENT.length + 1),
  };
}

/** What our file holds. `key`: checksum of the key's file when its fingerprints were looked at. */
function contentOf(spec: AptSourceSpec, { arch, codename }: Seen, key: string): string {
  const { uri, suite, components, fingerprints } = spec;
  return [
    `# Written by mlk8s. Key ${fingerprints.join(' or ')}, as a file ${key}`,
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suite.replace('{codename}', codename)}`,
    `Components: ${components.join(' ')}`,
    `Architectures: ${arch}`,
    `Signed-By: ${keyPath(spec)}`,
    '',
  ].join('\n');
}

/** For people: the checksum says nothing to them. */
const withoutSum = (content: string) => content.replace(/, as a file .*$/m, '');

function judge(it: Declared<AptSourceSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (archive, program) => {
    const { spec } = it;
    const seen = read(it, archive, program);
    if (!seen) return unread(it.id, `the archives of apt, ${spec.name} among them`);
    const { name } = spec;
    if (seen.theirs.length > 0) return withTheirs(it, seen);
    if (seen.tool.elsewhere !== '' && seen.content === '') {
      return { verdict: 'ok', because: `${spec.unless.command} is there already: ${seen.tool.elsewhere}` };
    }
    if (!spec.architectures.includes(seen.arch)) {
      return { verdict: 'ok', because: `the archive of ${name} has nothing for ${seen.arch}`, shown: true };
    }
    if (seen.key !== undefined && seen.content === contentOf(spec, seen, seen.key)) {
      return { verdict: 'ok', because: `apt knows the archive of ${name}` };
    }
    const [before, after] = [seen.content, contentOf(spec, seen, 'to be looked at')].map(withoutSum) as [
      string,
      string,
    ];
    return {
      verdict: 'change',
      because: difference(spec, seen),
      diff: before === after ? [] : [{ what: sourcePath(spec), before, after }],
      moves: [
        {
          does: `look at the key of ${name}, then let apt know the archive`,
          on: it.on,
          run: write(it, seen),
          deadlineS: 300,
        },
      ],
    };
  });
}

/** Two files with different keys for one archive: apt reads neither. */
function withTheirs(it: Declared<AptSourceSpec>, { theirs, content }: Seen): Verdict {
  const files = theirs.join(', ');
  if (content === '') return { verdict: 'ok', because: `apt knows the archive of ${it.spec.name} already: ${files}` };
  const run = sh`rm -f -- ${sourcePath(it.spec)} ${keyPath(it.spec)}`;
  return {
    verdict: 'change',
    because: `${files} names the archive of ${it.spec.name} as well, and apt fails when two files do`,
    moves: [{ does: `leave the archive to ${files}`, on: it.on, run, deadlineS: 30 }],
  };
}

function difference(spec: AptSourceSpec, { key, content }: Seen): string {
  if (content === '') return `apt does not know the archive of ${spec.name}`;
  if (key === undefined) return `${keyPath(spec)} does not exist`;
  return content.includes(key) ? `${sourcePath(spec)} has another content` : `${keyPath(spec)} has another content`;
}

/**
 * Every key in the file must be one of ours, and there must be one: a file with one more would be trusted as well. What
 * is looked at is the very file that apt gets, without its armour, and gpg must have read it to its end. gpg gets a home
 * of its own, which goes again.
 */
function write({ id, spec }: Declared<AptSourceSpec>, seen: Seen): Script {
  const { name, uri, suite, keyUrl, fingerprints } = spec;
  const [key, source] = [keyPath(spec), sourcePath(spec)];
  const [before, after] = contentOf(spec, seen, '\n').split('\n\n');
  const release = `${uri.replace(/\/$/, '')}/dists/${suite.replace('{codename}', seen.codename)}/Release`;
  return lines(
    noteOnce(id, missing(key)),
    sh`
      export GNUPGHOME=$(mktemp -d)
      trap 'rm -rf -- "$GNUPGHOME"' EXIT
      if ! curl -fsSL --proto =https --retry 3 -o /dev/null ${release}; then
        echo ${`the archive of ${name} has no ${release}: it may have nothing for this release of Ubuntu`} >&2
        exit 1
      fi
      curl -fsSL --proto =https --retry 3 -o "$GNUPGHOME/fetched" ${keyUrl}
      if grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$GNUPGHOME/fetched"; then
        gpg --batch --dearmor -o "$GNUPGHOME/key" "$GNUPGHOME/fetched" || true
      else
        cp -- "$GNUPGHOME/fetched" "$GNUPGHOME/key"
      fi
      shown=$(gpg --batch --show-keys --with-colons "$GNUPGHOME/key") || shown=
      prints=$(awk -F : '$1 ~ /^(pub|sec)$/ { own = 1 } $1 == "fpr" && own { print $10; own = 0 }' <<<"$shown")
      [ -n "$prints" ] || { echo ${`${keyUrl} is no key`} >&2; exit 1; }
      for print in $prints; do
        case " "${fingerprints.join(' ')}" " in
          *" $print "*) ;;
          *) echo ${`${keyUrl} is another key than the one of ${name}: its fingerprint should be ${fingerprints.join(' or ')}, and is`} "$print" >&2; exit 1 ;;
        esac
      done
      mkdir -p -- /etc/apt/keyrings
      cp -- "$GNUPGHOME/key" ${unfinished(key)}
      chmod 644 ${unfinished(key)}
      printf '%s%s\n%s' ${before ?? ''} "$(sha256sum ${unfinished(key)} | cut -d ' ' -f 1)" ${after ?? ''} >${unfinished(source)}
      chmod 644 ${unfinished(source)}
      sync -- ${unfinished(key)} ${unfinished(source)}
      mv -fT -- ${unfinished(key)} ${key}
      mv -fT -- ${unfinished(source)} ${source}
    `,
  );
}

function undo(it: Recorded<AptSourceSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (archive, program) => {
    const { spec } = it;
    const seen = read(it, archive, program);
    if (!seen) return unread(it.id, `the archives of apt, ${it.spec.name} among them`);
    const [key, source] = [keyPath(spec), sourcePath(spec)];
    if (seen.content === '' && seen.key === undefined) return gone(`apt has no archive of ${spec.name} by mlk8s`);
    // Key and release of the machine may differ since; the first line is the mark.
    if (seen.content !== '' && !seen.content.startsWith('# Written by mlk8s')) {
      return stays(`${source} was changed after mlk8s wrote it`);
    }
    const run = lines(sh`rm -f -- ${[source, unfinished(source), key, unfinished(key)]}`, removeMade(it.id));
    const moves = [{ does: `remove the archive of ${spec.name} from apt`, on: it.on, run, deadlineS: 30 }];
    return { verdict: 'change', because: 'it was added by mlk8s', moves };
  });
}
