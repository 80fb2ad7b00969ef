import type { Command, CommandContext } from '../command.ts';
import { fail, table } from './arguments.ts';
import { type Link, links } from './links.ts';
import { gateway, interfaceName } from './network-data.ts';

/** ip of iproute2 6.1: link, address, route. */
export const ip: Command = (context) => {
  const words = [...context.args];
  const flags = new Set<string>();
  while (words[0]?.startsWith('-')) {
    const flag = words.shift() ?? '';
    if (!['-o', '-oneline', '-4', '-6', '-j', '-json', '-br', '-brief', '-p', '-d', '-s'].includes(flag)) {
      return fail(context, `Option "${flag}" is unknown, try "ip -help".`, 255);
    }
    flags.add(flag.slice(0, 3).replace('-on', '-o').replace('-js', '-j'));
  }
  const [object = '', verb = 'show', ...rest] = words;
  if ('link'.startsWith(object) && object) return showLinks(context, flags, rest);
  if ('address'.startsWith(object) && object) return showAddresses(context, flags, rest);
  if ('route'.startsWith(object) && object) return route(context, flags, verb, rest);
  return fail(context, `Object "${object}" is unknown, try "ip help".`, 1);
};

function selected(context: CommandContext, rest: readonly string[]): Link[] | undefined {
  const words = rest.filter((word) => !['dev', 'scope', 'global', 'up'].includes(word));
  const isGlobal = rest.includes('global');
  const found = links(context).filter(
    (l) => (!isGlobal || l.name !== 'lo') && (words[0] === undefined || l.name === words[0]),
  );
  return words[0] !== undefined && found.length === 0 ? undefined : found;
}

function showLinks(context: CommandContext, flags: ReadonlySet<string>, rest: readonly string[]): number {
  const found = selected(context, rest);
  if (!found) return fail(context, `Device "${rest.at(-1)}" does not exist.`);
  const state = (l: Link) => (l.type === 'loopback' ? 'UNKNOWN' : 'UP');
  if (flags.has('-j')) {
    const json = found.map((l) => ({
      ifindex: l.index,
      ifname: l.name,
      mtu: 1500,
      operstate: state(l),
      link_type: l.type,
      address: l.mac,
    }));
    context.out(`${JSON.stringify(json)}\n`);
  } else if (flags.has('-br')) context.out(table(found.map((l) => [l.name, state(l), l.mac])));
  else {
    for (const l of found) {
      const head = `${l.index}: ${l.name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state ${state(l)} mode DEFAULT group default qlen 1000`;
      context.out(`${head}${flags.has('-o') ? '\\' : '\n'}    link/${l.type} ${l.mac} brd ff:ff:ff:ff:ff:ff\n`);
    }
  }
  return 0;
}

function showAddresses(context: CommandContext, flags: ReadonlySet<string>, rest: readonly string[]): number {
  const found = selected(context, rest);
  if (!found) return fail(context, `Device "${rest.at(-1)}" does not exist.`);
  const scope = (l: Link) => (l.type === 'loopback' ? 'host' : 'global');
  if (flags.has('-j')) {
    const json = found.map((l) => ({
      ifindex: l.index,
      ifname: l.name,
      operstate: l.type === 'loopback' ? 'UNKNOWN' : 'UP',
      addr_info: [{ family: 'inet', local: l.address, prefixlen: l.prefix, scope: scope(l), label: l.name }],
    }));
    context.out(`${JSON.stringify(json)}\n`);
  } else if (flags.has('-br')) {
    context.out(
      table(found.map((l) => [l.name, l.type === 'loopback' ? 'UNKNOWN' : 'UP', `${l.address}/${l.prefix} `])),
    );
  } else {
    for (const l of found) {
      const dynamic = l.index === 2 && context.rig.hardware.dhcp ? ' metric 100 brd 255.255.255.255' : '';
      const rest = `    inet ${l.address}/${l.prefix}${dynamic} scope ${scope(l)} ${l.name}`;
      if (flags.has('-o'))
        context.out(`${l.index}: ${l.name}${rest}\\       valid_lft forever preferred_lft forever\n`);
      else
        context.out(
          `${l.index}: ${l.name}: <UP,LOWER_UP> mtu 1500\n${rest}\n       valid_lft forever preferred_lft forever\n`,
        );
    }
  }
  return 0;
}

function route(context: CommandContext, flags: ReadonlySet<string>, verb: string, rest: readonly string[]): number {
  const { rig } = context;
  const dev = interfaceName(rig);
  const via = gateway(rig);
  const proto = rig.hardware.dhcp ? 'dhcp' : 'static';
  if (verb === 'get') {
    const target = rest[0] ?? '';
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(target))
      return fail(context, `Error: inet prefix is expected rather than "${target}".`);
    const isNear = target.replace(/\.\d+$/, '') === rig.address.replace(/\.\d+$/, '');
    const self = target === rig.address || target.startsWith('127.');
    if (flags.has('-j')) {
      context.out(
        `${JSON.stringify([{ dst: target, ...(isNear ? {} : { gateway: via }), dev, prefsrc: rig.address }])}\n`,
      );
      return 0;
    }
    const path = self
      ? `local ${target} dev lo src ${target}`
      : `${target}${isNear ? '' : ` via ${via}`} dev ${dev} src ${rig.address}`;
    context.out(`${path} uid 0 ${flags.has('-o') ? '\\' : '\n'}    cache ${self ? '<local> ' : ''}\n`);
    return 0;
  }
  if (!['show', 'list', 'ls', 'default'].includes(verb))
    return fail(context, `Command "${verb}" is unknown, try "ip route help".`, 255);
  if (flags.has('-j')) {
    context.out(
      `${JSON.stringify([{ dst: 'default', gateway: via, dev, protocol: proto, prefsrc: rig.address, metric: 100 }])}\n`,
    );
    return 0;
  }
  context.out(`default via ${via} dev ${dev} proto ${proto} src ${rig.address} metric 100 \n`);
  if (!rest.includes('default') && verb !== 'default') {
    context.out(
      `${rig.address.replace(/\d+$/, '0')}/24 dev ${dev} proto kernel scope link src ${rig.address} metric 100 \n`,
    );
  }
  return 0;
}
