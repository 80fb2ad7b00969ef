import { join } from 'node:path';
import { renderClusterFile } from '../config/init.ts';
import type { Loaded } from '../config/load.ts';
import { parseCluster } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { createAsker } from './ask.ts';
import type { Context } from './context.ts';
import { DEFAULT_FILE, type UpFlags } from './options.ts';
import { judgeThisMachine, probeThisMachine } from './this-machine.ts';
import { writeNewFile } from './write-file.ts';

/** Without a cluster file: a cluster of this one machine, if it can be one and its user wants that. */
export async function clusterOfThisMachine(context: Context, flags: UpFlags): Promise<Loaded> {
  const machine = judgeThisMachine(probeThisMachine());
  if (!machine.fits) throw cannotBeOne(context, machine.missing);
  const path = join(context.io.cwd, DEFAULT_FILE);
  const { name, address } = machine;
  const text = renderClusterFile({ name, nodes: [{ name, address, role: 'control-plane', local: true }] });
  const cluster = parseCluster(Buffer.from(text), path);
  if (!flags.yes) await agree(context, flags, name, address);
  await writeNewFile(path, text);
  return cluster;
}

async function agree(context: Context, flags: UpFlags, name: string, address: string): Promise<void> {
  const asker = createAsker(context.io);
  const where = context.io.cwd;
  const seen = 'there is no cluster file here';
  const others = ['mlk8s init writes a cluster file for other machines', 'mlk8s up --rehearse tries it without any'];
  if (!asker.canAsk || flags.json) {
    throw new UserError({ where, seen, next: ['mlk8s up --yes makes this machine a cluster of one node', ...others] });
  }
  const yes = await asker.yes(
    `There is no cluster file here. Make this machine (${name}, ${address}) a cluster of one node?`,
  );
  if (!yes) throw new UserError({ where, seen: `${seen}; nothing was changed`, next: others });
}

function cannotBeOne(context: Context, missing: readonly string[]): UserError {
  return new UserError({
    where: context.io.cwd,
    seen: 'there is no cluster file here, and this machine cannot be a cluster of one node',
    why: missing.join('; '),
    next: [
      'mlk8s init writes a cluster file for other machines',
      'mlk8s up --rehearse tries it with simulated machines',
    ],
  });
}
