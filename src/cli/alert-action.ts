import { ExitCode, UserError } from '../errors.ts';
import { secrets } from '../redact.ts';
import { deliveryLines } from '../render/deliveries.ts';
import { jsonLine } from '../render/json.ts';
import { styleFor } from '../render/style.ts';
import type { AlertFlags } from './alert.ts';
import type { Context } from './context.ts';
import { textAsTyped } from './typed.ts';
import { onVisit } from './visit.ts';

/** Sends a test alert and says where it arrived. Exit code 1 when somewhere it did not. */
export function sendTestAlert(context: Context, flags: AlertFlags): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async ({ engine, options, services, typing }) => {
    const { stdout, stderr, env } = context.io;
    const service = services.find((it) => it.name === 'alertmanager');
    if (!service || Object.keys(options.file.monitoring?.alerts ?? {}).length === 0) throw nobody();
    const progress = (text: string) => flags.json || stderr.write(`${text}\n`);
    const deliveries = await engine.testAlert({ ...options, severity: flags.severity, progress }, service);
    const safe = secrets.value(deliveries);
    const rehearsal = options.hosts.rehearsal !== undefined;
    const style = styleFor(stdout, env);
    const text = flags.json
      ? jsonLine({ deliveries: safe, rehearsal })
      : safe.flatMap((it) => deliveryLines(it, (words) => textAsTyped(words, typing), style)).join('\n');
    stdout.write(`${text}\n`);
    return { exitCode: safe.every((it) => it.result === 'sent') ? ExitCode.done : ExitCode.failed };
  });
}

function nobody(): UserError {
  return new UserError({
    where: 'mlk8s alert test',
    seen: 'the cluster file names nobody to tell',
    why: 'alerts go nowhere without monitoring.alerts',
    next: ['add email, telegram, ntfy or webhook below monitoring.alerts, then: mlk8s up'],
  });
}
