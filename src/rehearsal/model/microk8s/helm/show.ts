import type { CommandContext } from '../../command.ts';
import type { HelmRun } from '../helm.ts';
import { HelmError, isSet, last } from './args.ts';
import { history, type Release, releases } from './releases.ts';

/** As Helm prints a time in tables and JSON. */
const moment = (at: number): string =>
  `${new Date(at).toISOString().replace('T', ' ').replace('Z', '000000')} +0000 UTC`;

/** `helm list`: the newest revision of each release, those in a state that was asked for. */
export function list({ context, args, namespace, store }: HelmRun): number {
  const newest = new Map(
    releases(store(), isSet(args, 'all-namespaces') ? undefined : namespace).map((it) => [
      `${it.namespace}/${it.name}`,
      it,
    ]),
  );
  const shown = [...newest.values()]
    .filter(({ status }) => isSet(args, 'all') || ['deployed', 'failed'].includes(status))
    .sort((a, b) => a.name.localeCompare(b.name));
  const rows = shown.map(row);
  const output = last(args, 'output') ?? 'table';
  if (isSet(args, 'short')) context.out(shown.map(({ name }) => `${name}\n`).join(''));
  else if (output === 'json') context.out(`${JSON.stringify(rows)}\n`);
  else if (output === 'table') context.out([TITLES, ...rows.map((it) => Object.values(it))].map(line).join(''));
  else throw new HelmError('invalid format type');
  return 0;
}

const TITLES = ['NAME', 'NAMESPACE', 'REVISION', 'UPDATED', 'STATUS', 'CHART', 'APP VERSION'];
const line = (cells: readonly string[]): string => `${cells.join('\t')}\n`;

function row({ name, namespace, version, updated, status, chart }: Release): Record<string, string> {
  const app = chart.version.replace(/^v/, '');
  const full = `${chart.name}-${chart.version}`;
  return {
    name,
    namespace,
    revision: String(version),
    updated: moment(updated),
    status,
    chart: full,
    app_version: app,
  };
}

/** `helm status RELEASE`. */
export function status({ context, args, namespace, store }: HelmRun): number {
  const newest = history(store(), namespace, args.words[0] ?? '').at(-1);
  if (!newest) throw new HelmError('release: not found');
  if (last(args, 'output') !== 'json') describe(context, newest);
  else {
    const { name, version, config } = newest;
    context.out(`${JSON.stringify({ name, info: { status: newest.status }, config, version, namespace })}\n`);
  }
  return 0;
}

/** What install, upgrade and status end with. */
export function describe(context: CommandContext, { name, namespace, version, status, updated }: Release): void {
  const day = new Date(updated).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/, '$1 $3 $2 $5 $4');
  context.out(
    `NAME: ${name}\nLAST DEPLOYED: ${day}\nNAMESPACE: ${namespace}\nSTATUS: ${status}\nREVISION: ${version}\nTEST SUITE: None\n`,
  );
}
