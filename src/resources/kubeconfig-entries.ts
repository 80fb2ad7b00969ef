import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import type { Admin } from './admin-config.ts';
import type { KubeconfigSpec } from './kubeconfig.ts';

/**
 * The user's kubeconfig, as the question about it prints it: path, mode, then the file. `damage`: why it cannot be
 * changed.
 */
export function readKubeconfig(text: string) {
  const [path = '', mode = '600', ...rest] = text.split('\n');
  const before = rest.join('\n');
  const document = parseDocument(before, { prettyErrors: false });
  return { path, mode, before, document, damage: damageOf(document, before) };
}

/** Where, and not in the parser's own words: they quote what stands there, which may be a key. */
function damageOf({ contents, errors: [error] }: Document, text: string): string | undefined {
  if (error) return `line ${text.slice(0, error.pos[0]).split('\n').length} is no valid YAML`;
  return contents === null || isMap(contents) ? undefined : 'not a mapping';
}

/** The file after a change, in its own style: kubectl does not indent lists, for example. */
export function printed(document: Document, before: string): string {
  return document.toString({
    lineWidth: 0,
    indentSeq: !/^- /m.test(before),
    flowCollectionPadding: !/\{[^\s}]/.test(before),
  });
}

/** Brings three entries to what they should be; says what the file has instead, without a secret. */
export function putEntries(document: Document, { context, planes }: KubeconfigSpec, admin: Admin): string[] {
  const user = `${context}-admin`;
  const changes: string[] = [];
  if (document.contents === null)
    document.contents = document.createNode({ apiVersion: 'v1', kind: 'Config' }) as never;
  const server = entryOf(document, 'clusters', context)?.getIn(['cluster', 'server']);
  const reachable = serversOf(planes);
  const keep = typeof server === 'string' && reachable.includes(server) ? server : (reachable[0] as string);
  const set = (list: string, name: string, key: string, value: Record<string, unknown>, what: string) => {
    const had = entryOf(document, list, name) ? 'another' : 'no';
    if (setEntry(document, list, name, key, value)) changes.push(`${had} ${what}`);
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

function serversOf(planes: readonly string[]): string[] {
  return planes.map((address) => `https://${address}:16443`);
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

/** The entry leads to no control plane of ours: somebody gave the name to another cluster since. */
export function leadsElsewhere(document: Document, { context, planes }: KubeconfigSpec): boolean {
  const server = entryOf(document, 'clusters', context)?.getIn(['cluster', 'server']);
  return server !== undefined && !serversOf(planes).some((url) => url === server);
}

/** Takes the three entries of the cluster out. False when there were none. */
export function takeEntriesOut(document: Document, context: string): boolean {
  const names = { clusters: context, users: `${context}-admin`, contexts: context };
  let found = false;
  for (const [list, name] of Object.entries(names)) {
    const entries = document.get(list);
    if (!isSeq(entries)) {
      document.set(list, document.createNode([]));
      continue;
    }
    const rest = entries.items.filter((item) => !isMap(item) || item.get('name') !== name);
    found ||= rest.length < entries.items.length;
    entries.items = rest;
  }
  if (found && document.get('current-context') === context) document.delete('current-context');
  return found;
}
