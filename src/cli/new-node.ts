import { addNodeToText } from '../config/edit.ts';
import { type Loaded, parseCluster } from '../config/load.ts';
import type { ClusterNode, NodeInput } from '../config/schema.ts';
import { shownPath } from '../config/source.ts';
import type { EngineEvent, Summary } from '../engine/events.ts';
import type { RunOptions } from '../engine/options.ts';
import { type Problem, UserError } from '../errors.ts';
import type { AddNodeFlags } from './add-node.ts';
import type { Context, Engine } from './context.ts';
import { letIn } from './let-in.ts';
import { parseTarget, type Target } from './node-spec.ts';
import { bringUp, needCluster } from './session.ts';
import { replaceFile } from './write-file.ts';

/** Checks the machine, writes it into the cluster file, and brings the cluster up with it. */
export async function addNode(context: Context, targetText: string, flags: AddNodeFlags): Promise<Summary> {
  const cluster = await needCluster(context, flags);
  const wanted = nodeOf(parseTarget(targetText), flags);
  const twin = cluster.file.nodes.find((node) => node.name === wanted.name || node.address === wanted.address);
  if (twin) {
    refuseDifference(cluster, twin, { ...wanted, role: flags.role });
    return bringUp(context, 'add-node', cluster, flags);
  }
  const text = addNodeToText(cluster.text, wanted);
  const grown = parseCluster(Buffer.from(text), cluster.path);
  return bringUp(context, 'add-node', grown, flags, async (engine, { options, wish }) => {
    options.listener({ event: 'phase', text: `checking ${wanted.name}` });
    for (const node of grown.file.nodes) {
      if (node.name === wanted.name) await letIn(context, options.hosts, wish, node);
    }
    await checkMachine(engine, options, wanted.name);
    await replaceFile(cluster.path, text);
    options.listener({ event: 'phase', text: `wrote ${wanted.name} into ${shownPath(cluster.path)}` });
    if (wish.rehearsal) {
      wish.warn(shownPath(cluster.path), `${wanted.name} stands here now, for mlk8s up without --rehearse too`);
    }
  });
}

function nodeOf(target: Target, flags: AddNodeFlags): NodeInput {
  return {
    name: flags.name,
    address: target.address,
    role: flags.role ?? 'worker',
    ...(target.user === undefined ? {} : { ssh: { user: target.user } }),
    ...(flags.label.length === 0 ? {} : { labels: Object.fromEntries(flags.label.map(labelOf)) }),
  };
}

function labelOf(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new UserError({
    where: 'command line',
    seen: `--label ${text}: no label can be read from it`,
    next: ['write it as --label key=value'],
  });
}

/** The same machine again is fine; another one under its name or address is not. What was not typed is not compared. */
function refuseDifference({ path, file }: Loaded, there: ClusterNode, wanted: NodeInput): void {
  const pairs: readonly (readonly [what: string, is: string | undefined, wants: string | undefined])[] = [
    ['name', there.name, wanted.name],
    ['address', there.address, wanted.address],
    ['role', there.role, wanted.role],
    ['user', there.ssh.user ?? file.ssh.user, wanted.ssh?.user],
    ...Object.entries(wanted.labels ?? {}).map(([key, value]) => [`label ${key}`, there.labels[key], value] as const),
  ];
  const different = pairs.filter(([, is, wants]) => wants !== undefined && is !== wants);
  if (different.length === 0) return;
  throw new UserError({
    where: shownPath(path),
    seen: `machine ${there.name} is in the file already, with another ${different.map(([what]) => what).join(', ')}`,
    why: different.map(([what, is, wants]) => `${what}: the file has ${is ?? 'none'}, you typed ${wants}`).join('; '),
    next: ['choose another name and address, or change the file and run mlk8s up'],
  });
}

/** The new machine must answer, and nothing about it may be refused, before it is written down. */
async function checkMachine(engine: Engine, options: RunOptions, name: string): Promise<void> {
  const problems: Problem[] = [];
  const listener = (event: EngineEvent): void => {
    if (event.event === 'dropped' && event.host === name) problems.push(event.problem);
    if (event.event === 'problem') problems.push(event.problem);
    if (event.event !== 'plan') return;
    for (const { id, problem } of event.items) if (problem && id.endsWith(`@${name}`)) problems.push(problem);
  };
  await engine.plan({ ...options, command: 'plan', limitHosts: [name], listener });
  if (problems.length > 0) throw new UserError(problems);
}
