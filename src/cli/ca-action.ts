import { leftOver } from '../engine/ca.ts';
import { ExitCode } from '../errors.ts';
import { jsonLine } from '../render/json.ts';
import type { Context } from './context.ts';
import type { VisitFlags } from './options.ts';
import { onVisit } from './visit.ts';

/** Prints the certificate, and nothing else to standard output. */
export function showCa(context: Context, flags: VisitFlags): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async ({ engine, options, warn }) => {
    const certificate = await engine.authority(options);
    const left = leftOver(options.file);
    if (left !== undefined) warn(left);
    const rehearsal = options.hosts.rehearsal !== undefined;
    context.io.stdout.write(flags.json ? `${jsonLine({ certificate, rehearsal })}\n` : certificate);
    return { exitCode: ExitCode.done };
  });
}
