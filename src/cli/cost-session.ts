import { resolve } from 'node:path';
import { plotOf } from '../cost/plot.ts';
import type { CostReport } from '../cost/report.ts';
import type { Summary } from '../engine/events.ts';
import type { Context } from './context.ts';
import type { CostFlags } from './cost.ts';
import { endOnInterrupt } from './interrupt.ts';
import { inSession } from './run.ts';
import { needCluster } from './session.ts';
import { replaceFile } from './write-file.ts';

/** Reckons, shows the bill, and writes the picture that was asked for. */
export async function reckon(context: Context, flags: CostFlags): Promise<Summary> {
  const cluster = await needCluster(context, flags);
  const { by, plot } = flags;
  const keep = async (report: CostReport): Promise<string[]> => {
    if (plot === undefined) return [];
    const about = { cluster: cluster.file.name, simulated: flags.rehearse === true };
    await replaceFile(resolve(context.io.cwd, plot), plotOf(report, by ?? 'node', about));
    return [`The picture is in ${plot}.`];
  };
  const job = { command: 'cost', cluster, flags: { ...flags, only: [], skip: [] }, changes: false };
  return inSession(context, job, (engine, { options, interrupt }) =>
    endOnInterrupt(() => engine.cost({ ...options, ...(by ? { by } : {}), keep }), interrupt.stop),
  );
}
