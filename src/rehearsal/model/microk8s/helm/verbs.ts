import type { HelmRun } from '../helm.ts';
import { namespace as namespaceObject } from '../objects.ts';
import type { KubeStore, Manifest } from '../store.ts';
import { HelmError, isSet, last } from './args.ts';
import { type Chart, findChart } from './charts.ts';
import { forget, history, notOurs, type Release, remove, rendered, save, write } from './releases.ts';
import { describe } from './show.ts';

const isPending = ({ status }: Release): boolean => status.startsWith('pending-');

/** `helm upgrade [--install] RELEASE CHART`. A caller that is killed half-way leaves the revision pending. */
export async function upgrade(run: HelmRun): Promise<number> {
  const { context, args } = run;
  const [name = '', ref] = args.words;
  if (ref === undefined) throw new HelmError(`"helm upgrade" requires 2 arguments`);
  const before = history(run.store(), run.namespace, name);
  const newest = before.at(-1);
  const isInstall = newest === undefined || newest.status === 'uninstalled';
  const failure = isInstall ? 'INSTALLATION FAILED' : 'UPGRADE FAILED';
  if (isInstall && !isSet(args, 'install')) throw new HelmError(`UPGRADE FAILED: "${name}" has no deployed releases`);
  if (isInstall) context.out(`Release "${name}" does not exist. Installing it now.\n`);
  const chart = findChart(context, ref, args);
  const given = await run.values();
  if (newest && isPending(newest)) {
    throw new HelmError(`${failure}: another operation (install/upgrade/rollback) is in progress`);
  }
  // Without values and without --reset-values the earlier ones are kept.
  const keeps = Object.keys(given).length === 0 && !isSet(args, 'reset-values');
  const release: Release = {
    name,
    namespace: run.namespace,
    version: (newest?.version ?? 0) + 1,
    status: isInstall ? 'pending-install' : 'pending-upgrade',
    chart: { name: chart.name, version: chart.version },
    config: keeps ? (newest?.config ?? {}) : given,
    objects: [],
    labels: { ...newest?.labels, ...labelsOf(last(args, 'labels')) },
    updated: context.now(),
  };
  if (isInstall) {
    makeNamespace(run, failure);
    if (!isSet(args, 'skip-crds')) makeCrds(run.store(), chart);
  }
  const objects = rendered(chart, release);
  const foreign = notOurs(
    run.store(),
    objects.map((it) => it.manifest),
    release,
  );
  if (foreign !== undefined) throw new HelmError(`${failure}: ${foreign}`);
  const complete = { ...release, objects: objects.map((it) => it.manifest) };
  return apply(run, complete, chart, before, failure);
}

async function apply(run: HelmRun, release: Release, chart: Chart, before: readonly Release[], failure: string) {
  const { context, args } = run;
  save(run.store(), release);
  context.changed();
  // Hooks, and the objects one after the other.
  await context.sleep(chart.takesS);
  const store = run.store();
  const broken = takeFault(run, release.name);
  write(store, rendered(chart, release).slice(0, broken ? 1 : undefined), before.at(-1)?.objects ?? []);
  if (broken) {
    save(store, { ...release, status: 'failed', updated: context.now() });
    context.changed();
    const hook = release.status === 'pending-install' ? 'post-install' : 'post-upgrade';
    throw new HelmError(`${failure}: failed ${hook}: 1 error occurred:\n\t* timed out waiting for the condition\n\n`);
  }
  const done = { ...release, status: 'deployed', updated: context.now() };
  supersede(store, before);
  save(store, done);
  prune(store, release, Number(last(args, 'history-max') ?? 10));
  context.changed();
  if (release.version > 1) context.out(`Release "${release.name}" has been upgraded. Happy Helming!\n`);
  describe(context, done);
  return 0;
}

/** The fault `helmfails` (or `helmfails:RELEASE`) happens once: a hook never ends well. */
function takeFault({ context }: HelmRun, name: string): boolean {
  const { rig } = context;
  const fault = rig.faults.find((it) => it === 'helmfails' || it === `helmfails:${name}`);
  if (fault !== undefined) rig.faults = rig.faults.filter((it) => it !== fault);
  return fault !== undefined;
}

function makeNamespace(run: HelmRun, failure: string): void {
  const store = run.store();
  if (store.find(store.kind('namespaces'), '', run.namespace)) return;
  if (!isSet(run.args, 'create-namespace')) {
    throw new HelmError(`${failure}: create: failed to create: namespaces "${run.namespace}" not found`);
  }
  store.create(namespaceObject(run.namespace));
}

/** Only at the first install, and only those that are missing. */
function makeCrds(store: KubeStore, { crds }: Chart): void {
  for (const crd of crds) if (!store.find(store.kindFor(crd), '', crd.metadata.name)) store.create(crd);
}

function supersede(store: KubeStore, releases: readonly Release[]): void {
  for (const old of releases) if (old.status === 'deployed') save(store, { ...old, status: 'superseded' });
}

function prune(store: KubeStore, { namespace, name }: Release, most: number): void {
  const all = history(store, namespace, name);
  if (most > 0) for (const old of all.slice(0, Math.max(0, all.length - most))) forget(store, old);
}

function labelsOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').filter((pair) => pair !== '');
  const labels = Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
  const system = ['name', 'owner', 'status', 'version', 'createdAt', 'modifiedAt'].find((key) => key in labels);
  if (system !== undefined) {
    throw new HelmError(
      'user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]',
    );
  }
  return labels;
}

/** `helm rollback RELEASE [REVISION]`: also out of a pending revision. */
export async function rollback(run: HelmRun): Promise<number> {
  const { context, args } = run;
  const [name = '', revision] = args.words;
  const before = history(run.store(), run.namespace, name);
  const newest = before.at(-1);
  if (!newest) throw new HelmError('release: not found');
  const wanted = Number(revision ?? 0) || newest.version - 1;
  const target = before.find((release) => release.version === wanted);
  if (!target) throw new HelmError(`release has no ${wanted} version`);
  const release = { ...target, version: newest.version + 1, status: 'pending-rollback', updated: context.now() };
  save(run.store(), release);
  context.changed();
  await context.sleep(5);
  const store = run.store();
  write(
    store,
    target.objects.map((manifest) => ({ manifest })),
    newest.objects,
  );
  supersede(store, before);
  save(store, { ...release, status: 'deployed', updated: context.now() });
  context.changed();
  context.out('Rollback was a success! Happy Helming!\n');
  return 0;
}

const isTaken = ({ metadata }: Manifest): boolean => metadata.annotations?.['helm.sh/resource-policy'] !== 'keep';

/** `helm uninstall RELEASE…`: what says that it is kept, claims that a StatefulSet made, and CRDs, stay. */
export async function uninstall(run: HelmRun): Promise<number> {
  const { context, args } = run;
  for (const name of args.words) {
    const all = history(run.store(), run.namespace, name);
    const newest = all.at(-1);
    if (!newest && isSet(args, 'ignore-not-found')) continue;
    if (!newest) throw new HelmError(`uninstall: Release not loaded: ${name}: release: not found`);
    save(run.store(), { ...newest, status: 'uninstalling', updated: context.now() });
    context.changed();
    await context.sleep(isSet(args, 'wait') ? 8 : 3);
    const store = run.store();
    remove(store, newest.objects.filter(isTaken));
    for (const release of all) forget(store, release);
    context.changed();
    context.out(`release "${name}" uninstalled\n`);
  }
  return 0;
}
