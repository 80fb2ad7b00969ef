import { type JournalFile, listRuns, readRun } from '../engine/journal.ts';
import { type Problem, UserError } from '../errors.ts';
import { journalLines, runLine } from '../render/journal.ts';
import { jsonLine } from '../render/json.ts';
import { styleFor } from '../render/style.ts';
import type { Context } from './context.ts';
import { checkKnown } from './known.ts';
import type { LogsFlags } from './logs.ts';
import { needCluster } from './session.ts';

/** Lists the runs of the cluster, or shows the journal of one. */
export async function showLogs(context: Context, run: string | undefined, flags: LogsFlags): Promise<void> {
  const { file } = await needCluster(context, flags);
  const runs = listRuns(file.name, flags.rehearse === true);
  if (runs.length === 0) throw new UserError(noRuns(file.name, flags));
  const chosen = choose(runs, run, flags.last);
  const lines = chosen ? shown(context, chosen, flags) : runs.map((it) => listed(it, flags));
  for (const line of lines) context.io.stdout.write(`${line}\n`);
}

function choose(
  runs: readonly JournalFile[],
  run: string | undefined,
  last: number | undefined,
): JournalFile | undefined {
  if (run !== undefined) {
    checkKnown(
      'run',
      [run],
      runs.map((it) => it.run),
    );
    return runs.find((it) => it.run === run);
  }
  if (last === undefined) return undefined;
  const found = runs.at(-last);
  if (found) return found;
  throw new UserError({
    where: 'command line',
    seen: `--last ${last}: only ${runs.length} of the runs are kept`,
    next: ['mlk8s logs lists them'],
  });
}

function listed(file: JournalFile, { json }: LogsFlags): string {
  const lines = readRun(file);
  if (!json) return runLine(file, lines);
  const end = lines.findLast((line) => line.event === 'summary');
  return jsonLine({ run: file.run, ...(end ? { exitCode: end.exitCode } : {}) });
}

function shown({ io }: Context, file: JournalFile, { json }: LogsFlags): string[] {
  const lines = readRun(file);
  return json ? lines.map(jsonLine) : journalLines(lines, styleFor(io.stdout, io.env));
}

function noRuns(cluster: string, flags: LogsFlags): Problem {
  return {
    where: `cluster ${cluster}`,
    seen: `no ${flags.rehearse ? 'rehearsal' : 'run'} is kept of it`,
    next: flags.rehearse ? ['mlk8s up --rehearse makes one'] : ['mlk8s logs --rehearse lists the rehearsals'],
  };
}
