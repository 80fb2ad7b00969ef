import type { Command, CommandContext } from '../command.ts';
import { fail, withOptions } from './arguments.ts';
import { hostsEntries, resolve, resolveByDns } from './names-data.ts';

/** getent: 2 when a key is not found, 1 for a database that it does not know. */
export const getent: Command = withOptions({ values: ['-s|--service'] }, (context, options) => {
  const [database = '', ...keys] = options.operands;
  if (database === 'passwd' || database === 'group') return accounts(context, database, keys);
  if (!['hosts', 'ahosts', 'ahostsv4', 'ahostsv6'].includes(database)) {
    return fail(
      context,
      `Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.`,
    );
  }
  let code = 0;
  for (const key of keys) {
    const text = database === 'hosts' ? hosts(context, key) : ahosts(context, key, database);
    context.out(text);
    if (text === '') code = 2;
  }
  return code;
});

function accounts(context: CommandContext, database: 'passwd' | 'group', keys: readonly string[]): number {
  const lines = (context.files.read(`/etc/${database}`) ?? '').split('\n').filter((line) => line !== '');
  if (keys.length === 0) context.out(lines.map((line) => `${line}\n`).join(''));
  let code = 0;
  for (const key of keys) {
    const found = lines.find((line) => line.split(':')[0] === key || line.split(':')[2] === key);
    if (found === undefined) code = 2;
    else context.out(`${found}\n`);
  }
  return code;
}

/** The first line of /etc/hosts with the name; IPv6 goes before IPv4. */
function hosts(context: CommandContext, name: string): string {
  const listed = hostsEntries(context, name);
  const entry = listed.find((e) => e.address.includes(':')) ?? listed[0];
  if (entry) return `${entry.address.padEnd(15)} ${entry.names.join(' ')}\n`;
  const address = resolve(context, name);
  return address === undefined ? '' : `${address.padEnd(15)} ${name}\n`;
}

/** Every address, three times: once for each kind of socket. */
function ahosts(context: CommandContext, name: string, database: string): string {
  const isV6 = database === 'ahostsv6';
  const listed = hostsEntries(context, name).filter((e) => e.address.includes(':') === isV6);
  const other = isV6 ? undefined : (resolve(context, name) ?? resolveByDns(context, name));
  const addresses = listed.length > 0 ? listed.map((e) => e.address) : other === undefined ? [] : [other];
  const canonical = listed[0]?.names[0] ?? name;
  return [...new Set(addresses)]
    .map((address, i) => {
      const column = address.padEnd(15);
      return `${column} STREAM${i === 0 ? ` ${canonical}` : ''}\n${column} DGRAM\n${column} RAW\n`;
    })
    .join('');
}
