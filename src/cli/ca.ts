import type { Command } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addVisitOptions, type VisitFlags } from './options.ts';

/** `mlk8s ca` */
export function addCa(program: Command, context: Context): void {
  const command = program
    .command('ca')
    .description('print the certificate by which browsers trust the names of the cluster');
  addVisitOptions(command).action(async (flags: VisitFlags) => {
    const { act } = await import('./action.ts');
    const { showCa } = await import('./ca-action.ts');
    await act(context, 'ca', flags, () => showCa(context, flags));
  });
  command.addHelpText(
    'after',
    `
It is that of an authority which lives in this cluster alone and signs its names.
Whoever trusts it trusts them. Its key stays in the cluster. As a file:

  mlk8s ca > mlk8s-ca.crt

  Ubuntu, Debian    sudo cp mlk8s-ca.crt /usr/local/share/ca-certificates/
                    sudo update-ca-certificates
  Firefox, Chrome   Settings, Certificates, Authorities, Import
  macOS             sudo security add-trusted-cert -d -r trustRoot \\
                      -k /Library/Keychains/System.keychain mlk8s-ca.crt
  Windows           certutil -addstore -f Root mlk8s-ca.crt

Exit code: 0 printed, 1 there is no cluster or no authority.`,
  );
  addExamples(command, [
    ['mlk8s ca', 'show it'],
    ['mlk8s ca --json', 'for a program'],
  ]);
}
