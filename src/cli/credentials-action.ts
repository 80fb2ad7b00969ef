import { ExitCode } from '../errors.ts';
import { credentialLines } from '../render/credentials.ts';
import { jsonLine } from '../render/json.ts';
import type { Context } from './context.ts';
import type { VisitFlags } from './options.ts';
import { textAsTyped } from './typed.ts';
import { addressOf, checkService, onVisit } from './visit.ts';

/** Shows what one logs in with. Exit code 1 when a Secret is not there. */
export function showCredentials(
  context: Context,
  name: string | undefined,
  flags: VisitFlags,
): Promise<{ readonly exitCode: ExitCode }> {
  return onVisit(context, flags, async ({ engine, options, services, typing }) => {
    const withLogin = services.filter((it) => it.login !== undefined || it.users !== undefined);
    checkService('mlk8s credentials', name, withLogin, services);
    const wanted = withLogin.filter((it) => name === undefined || it.name === name);
    const addresses = new Map(
      wanted.map((it) => [
        it.name,
        addressOf(options.file, it) ?? textAsTyped(`mlk8s ${it.client ? 'connect' : 'open'} ${it.name}`, typing),
      ]),
    );
    const found = await engine.credentials(options, wanted);
    const rows = found.map((it) => ({ ...it, address: addresses.get(it.name) ?? '' }));
    const rehearsal = options.hosts.rehearsal !== undefined;
    const text = flags.json
      ? jsonLine({ credentials: rows, rehearsal })
      : credentialLines(rows, textAsTyped('mlk8s plan', typing)).join('\n');
    context.io.stdout.write(`${text}\n`);
    return { exitCode: rows.every((it) => it.password !== undefined) ? ExitCode.done : ExitCode.failed };
  });
}
