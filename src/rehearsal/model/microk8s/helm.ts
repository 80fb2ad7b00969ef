import { parse, stringify } from 'yaml';
import type { CommandContext } from '../command.ts';
import { minorOf } from './daemons.ts';
import { apiUp } from './dqlite.ts';
import { ApiError, NoMatchError } from './errors.ts';
import { type HelmArgs, HelmError, last, parseHelm } from './helm/args.ts';
import { findChart, packed } from './helm/charts.ts';
import { list, status } from './helm/show.ts';
import { rollback, uninstall, upgrade } from './helm/verbs.ts';
import { isJson, type Json } from './merge.ts';
import { guarded, PLEASE } from './preamble.ts';
import { clusterOf } from './site.ts';
import { KubeStore } from './store.ts';

/** helm of each track (sheet 1.1). */
const VERSIONS: Record<number, string> = {
  31: 'v3.14.4',
  32: 'v3.16.3',
  33: 'v3.17.2',
  34: 'v3.18.6',
  35: 'v3.19.2',
  36: 'v3.20.2',
};

/** One run of helm that has a cluster to talk to. */
export interface HelmRun {
  readonly context: CommandContext;
  readonly args: HelmArgs;
  readonly namespace: string;
  /** The API as it is now; throws HelmError while it is away. */
  store(): KubeStore;
  /** All `-f`, merged. */
  values(): Promise<Json>;
}

const VERBS: Record<string, (run: HelmRun) => Promise<number> | number> = {
  upgrade,
  rollback,
  uninstall,
  delete: uninstall,
  list,
  ls: list,
  status,
};

/** `microk8s helm` and `helm3`: Helm 3's words and exit codes. */
export const helm = guarded(
  { worker: { code: 0, advice: PLEASE }, stopped: { code: 1, stream: 'err' } },
  async (context) => {
    try {
      const args = parseHelm(context.args);
      return await run(context, args);
    } catch (error) {
      if (error instanceof HelmError || error instanceof ApiError || error instanceof NoMatchError) {
        context.err(`Error: ${error.message}\n`);
        return 1;
      }
      throw error;
    }
  },
);

async function run(context: CommandContext, all: HelmArgs): Promise<number> {
  const [verb = '', ...words] = all.words;
  const args = { ...all, words };
  if (verb === 'version') {
    context.out(`${VERSIONS[minorOf(context)] ?? 'v3.19.2'}\n`);
    return 0;
  }
  if (verb === 'pull') return pull(context, args);
  if (verb === 'show') return show(context, args);
  const act = VERBS[verb];
  if (!act) throw new HelmError(`unknown command "${verb}" for "helm"\nRun 'helm --help' for usage.`);
  const store = () => api(context);
  store();
  return act({
    context,
    args,
    namespace: last(args, 'namespace') ?? 'default',
    store,
    values: () => values(context, args),
  });
}

function api(context: CommandContext): KubeStore {
  const cluster = clusterOf(context.rig, context.world);
  if (cluster && apiUp(context.rig, context.world, context.now())) return new KubeStore(cluster, context);
  throw new HelmError(
    'Kubernetes cluster unreachable: Get "https://127.0.0.1:16443/version": dial tcp 127.0.0.1:16443: connect: connection refused',
  );
}

async function values(context: CommandContext, args: HelmArgs): Promise<Json> {
  let merged: Json = {};
  for (const file of args.flags.values ?? []) {
    const text = file === '-' ? (await context.stdin()).toString() : context.files.read(file);
    if (text === undefined) throw new HelmError(`open ${file}: no such file or directory`);
    const data: unknown = parse(text) ?? {};
    if (!isJson(data)) throw new HelmError(`failed to parse ${file}: error unmarshaling JSON: not an object`);
    merged = overlay(merged, data);
  }
  return merged;
}

/** Two `-f`: null stays, for the chart's own default. */
function overlay(below: Json, above: Json): Json {
  const pairs = Object.entries(above).map(([key, value]) => {
    const under = below[key];
    return [key, isJson(value) && isJson(under) ? overlay(under, value) : value];
  });
  return { ...below, ...Object.fromEntries(pairs) };
}

async function pull(context: CommandContext, args: HelmArgs): Promise<number> {
  const chart = findChart(context, args.words[0] ?? '', args);
  const folder = last(args, 'destination') ?? context.cwd;
  if (!context.files.exists(folder))
    throw new HelmError(`failed to save chart: stat ${folder}: no such file or directory`);
  // An index and an archive over the line of a home.
  await context.sleep(3);
  context.files.write(`${folder}/${chart.name}-${chart.version}.tgz`, packed(chart), 0o644);
  return 0;
}

function show(context: CommandContext, args: HelmArgs): number {
  const [what = '', ref = ''] = args.words;
  if (what !== 'crds' && what !== 'chart') throw new HelmError(`unknown command "${what}" for "helm show"`);
  const chart = findChart(context, ref, args);
  if (what === 'chart') context.out(stringify({ apiVersion: 'v2', name: chart.name, version: chart.version }));
  else for (const crd of chart.crds) context.out(`---\n${stringify(crd)}\n`);
  return 0;
}
