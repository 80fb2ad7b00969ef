import { createHash } from 'node:crypto';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { type Script, sh } from '../shell/script.ts';
import { judged, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** The user's kubeconfig has a context named after the cluster. Everything else in it is left alone. */
export type KubeconfigSpec = {
  readonly context: string;
  /** Addresses of the control planes; the first is used for a new entry. */
  readonly planes: readonly string[];
};

export function kubeconfig({ id, on, needs, ...spec }: Placed & KubeconfigSpec): Declared<KubeconfigSpec> {
  return { kind: 'kubeconfig', id, on, needs, spec };
}

export const kubeconfigKind: Kind<KubeconfigSpec> = { kind: 'kubeconfig', asks, judge };

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
    cat "$file"
  `;
  return [
    { key: 'kubeconfig', on: it.on, sh: mine, timeoutS: 10 },
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
    const [path = '', mode = '600', ...rest] = text.split('\n');
    const before = rest.join('\n');
    const document = parseDocument(before, { prettyErrors: false });
    if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents))) {
      return refused(
        it.id,
        `${path} is no kubeconfig: ${document.errors[0]?.message ?? 'not a mapping'}`,
        'it was damaged',
        `mend or move it: ${path}`,
      );
    }
    const admin = parseAdmin(theirs ?? '');
    if (!admin)
      return { verdict: 'settling', because: 'the lead does not hand out its kubeconfig yet', deadlineS: 120 };
    const changes = merge(document, it.spec, admin);
    if (changes.length === 0 && mode === '600')
      return { verdict: 'ok', because: `context ${it.spec.context} is in ${path}` };
    const after = changes.length === 0 ? before : document.toString({ lineWidth: 0 });
    const because =
      changes.length > 0 ? `${path}: ${changes.join(', ')}` : `${path} can be read by others (mode ${mode})`;
    return {
      verdict: 'change',
      because,
      moves: [
        {
          does: `put context ${it.spec.context} into ${path}`,
          on: it.on,
          run: write(createHash('sha256').update(before).digest('hex')),
          deadlineS: 30,
          inputs: { kubeconfig: { secret: after } },
        },
      ],
      ...(before.trim() !== '' && !world.record(it.id) ? { adopts: true } : {}),
    };
  });
}

interface Admin {
  readonly ca: string;
  readonly user: Readonly<Record<string, unknown>>;
}

/** Reads what `microk8s config` prints. On a machine that cannot say it, that is a sentence. */
function parseAdmin(text: string): Admin | undefined {
  const config = parseDocument(text).toJS() as {
    clusters?: { cluster?: Record<string, string> }[];
    users?: { user?: Record<string, unknown> }[];
  } | null;
  const ca = config?.clusters?.[0]?.cluster?.['certificate-authority-data'];
  const user = config?.users?.[0]?.user;
  return ca && user ? { ca, user } : undefined;
}

/** Brings three entries to what they should be; says what was different, without a secret. */
function merge(document: Document, { context, planes }: KubeconfigSpec, admin: Admin): string[] {
  const user = `${context}-admin`;
  const changes: string[] = [];
  if (document.contents === null)
    document.contents = document.createNode({ apiVersion: 'v1', kind: 'Config' }) as never;
  const server = entryOf(document, 'clusters', context)?.getIn(['cluster', 'server']);
  const reachable = planes.map((address) => `https://${address}:16443`);
  const keep = typeof server === 'string' && reachable.includes(server) ? server : (reachable[0] as string);
  const set = (list: string, name: string, key: string, value: Record<string, unknown>, what: string) => {
    if (setEntry(document, list, name, key, value)) changes.push(what);
  };
  set('clusters', context, 'cluster', { 'certificate-authority-data': admin.ca, server: keep }, `cluster ${context}`);
  set('users', user, 'user', admin.user, `user ${user}`);
  set('contexts', context, 'context', { cluster: context, user }, `context ${context}`);
  if (!document.get('current-context')) {
    document.set('current-context', context);
    changes.push('no current context');
  }
  return changes;
}

function entryOf(document: Document, list: string, name: string): YAMLMap | undefined {
  const entries = document.get(list);
  if (!isSeq(entries)) return undefined;
  return entries.items.filter(isMap).find((item) => item.get('name') === name);
}

/** True when it was different. A namespace or another key that the user put into a context of ours stays. */
function setEntry(
  document: Document,
  list: string,
  name: string,
  key: string,
  value: Record<string, unknown>,
): boolean {
  const entry = entryOf(document, list, name);
  if (entry) {
    const different = Object.entries(value).filter(([field, wanted]) => entry.getIn([key, field]) !== wanted);
    for (const [field, wanted] of different) entry.setIn([key, field], wanted);
    return different.length > 0;
  }
  if (!isSeq(document.get(list))) document.set(list, document.createNode([]));
  document.addIn([list], document.createNode({ name, [key]: value }));
  return true;
}

/** Keeps the last version beside it. Somebody else's change since the question is not overwritten. */
function write(sha256: string): Script {
  return sh`
    ${PATH}
    umask 077
    mkdir -p "$(dirname "$file")"
    if [ -e "$file" ]; then
      now=$(sha256sum <"$file" | cut -d' ' -f1)
      [ "$now" = ${sha256} ] || { echo "$file was changed meanwhile by something else" >&2; exit 1; }
      cp -p "$file" "$file.mlk8s-backup"
      chmod 600 "$file.mlk8s-backup"
    fi
    cp "$INPUTS/kubeconfig" "$file.mlk8s-new"
    if [ -L "$file" ]; then cat "$file.mlk8s-new" >"$file"; rm "$file.mlk8s-new"; else mv "$file.mlk8s-new" "$file"; fi
    chmod 600 "$file"
  `;
}
