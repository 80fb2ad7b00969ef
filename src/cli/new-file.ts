import { resolve } from 'node:path';
import { type InitInput, renderClusterFile } from '../config/init.ts';
import { parseCluster } from '../config/load.ts';
import { name as nameRule } from '../config/rules.ts';
import { shownPath } from '../config/source.ts';
import { UserError } from '../errors.ts';
import { programName } from '../render/style.ts';
import { type Asker, createAsker } from './ask.ts';
import type { Context } from './context.ts';
import type { InitFlags } from './init.ts';
import { isRole, type NodeSpec, parseNodeSpec, parseTarget } from './node-spec.ts';
import { DEFAULT_FILE } from './options.ts';
import { judgeThisMachine, probeThisMachine } from './this-machine.ts';
import { replaceFile, writeNewFile } from './write-file.ts';

const DEFAULT_NAME = 'home-lab';

type Node = InitInput['nodes'][number];

/** Writes the cluster file that the flags, or the answers to a few questions, describe. */
export async function writeClusterFile(context: Context, name: string | undefined, flags: InitFlags): Promise<void> {
  const path = resolve(context.io.cwd, flags.file);
  const input = await inputOf(context, name, flags);
  const text = renderClusterFile(input);
  parseCluster(Buffer.from(text), path);
  await (flags.force ? replaceFile : writeNewFile)(path, text);
  const inFolder = flags.file === DEFAULT_FILE ? '' : ` -f ${flags.file}`;
  const program = programName(context.io.env);
  context.io.stdout.write(
    [
      `Wrote ${shownPath(path)}: cluster ${input.name}, ${input.nodes.map((node) => node.name).join(', ')}.`,
      '',
      'Next:',
      `  ${program} up${inFolder} --rehearse   try it with simulated machines`,
      `  ${program} plan${inFolder}            see what would change`,
      `  ${program} up${inFolder}              make it so`,
      '',
    ].join('\n'),
  );
}

async function inputOf(context: Context, name: string | undefined, flags: InitFlags): Promise<InitInput> {
  const asker = createAsker(context.io);
  const given = [...(flags.local ? [thisMachine()] : []), ...flags.node.map(parseNodeSpec)];
  const isAsking = given.length === 0;
  if (isAsking && !asker.canAsk) throw nobodyToAsk();
  const chosen = name ?? (isAsking ? await asker.line('Name of the cluster?', DEFAULT_NAME) : DEFAULT_NAME);
  const nodes = isAsking ? await askForNodes(asker) : given;
  return {
    name: chosen,
    ...(flags.channel === undefined ? {} : { channel: flags.channel }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    nodes: withRoles(nodes),
  };
}

/** Without a role the first machine is a control plane and the others are workers. */
function withRoles(specs: readonly (NodeSpec & { readonly local?: boolean })[]): Node[] {
  return specs.map((spec, index) => ({ ...spec, role: spec.role ?? (index === 0 ? 'control-plane' : 'worker') }));
}

async function askForNodes(asker: Asker): Promise<NodeSpec[]> {
  const nodes: NodeSpec[] = [];
  for (;;) {
    const which = nodes.length === 0 ? 'First machine' : 'Next machine (Enter when there is none)';
    const target = await asker.line(`${which}, as [user@]address?`);
    if (target === '' && nodes.length > 0) return nodes;
    if (target === '') continue;
    const name = await askUntil(asker, 'Its name?', `rig${nodes.length + 1}`, (text) => nameRule.fault(text)?.seen);
    const role = await askUntil(asker, 'Its role?', nodes.length === 0 ? 'control-plane' : 'worker', (text) =>
      isRole(text) ? undefined : 'it is control-plane or worker',
    );
    nodes.push({ name, ...parseTarget(target), ...(isRole(role) ? { role } : {}) });
  }
}

async function askUntil(
  asker: Asker,
  question: string,
  fallback: string,
  fault: (text: string) => string | undefined,
): Promise<string> {
  for (let asked = question; ; ) {
    const text = await asker.line(asked, fallback);
    const seen = fault(text);
    if (seen === undefined) return text;
    asked = `${seen}. ${question}`;
  }
}

function thisMachine(): NodeSpec & { readonly local: true } {
  const machine = judgeThisMachine(probeThisMachine());
  if (machine.fits) return { name: machine.name, address: machine.address, role: 'control-plane', local: true };
  throw new UserError({
    where: 'this machine',
    seen: 'it cannot be a node of a cluster',
    why: machine.missing.join('; '),
    next: ['mlk8s init --node NAME=[user@]ADDRESS names another machine'],
  });
}

function nobodyToAsk(): UserError {
  return new UserError({
    where: 'mlk8s init',
    seen: 'no machine is named, and there is no terminal to ask at',
    next: ['mlk8s init --node NAME=[user@]ADDRESS names one', 'mlk8s init --local takes this machine'],
  });
}
