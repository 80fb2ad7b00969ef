import type { Command, CommandContext } from '../types.ts';
import { fail, table, withOptions } from './arguments.ts';
import { canResolve, resolve } from './names-data.ts';
import { gateway, interfaceName, listeners, roundTrip } from './network-data.ts';

interface Link {
  index: number;
  name: string;
  address?: string;
  prefix: number;
  mac: string;
  type: 'loopback' | 'ether';
}

/** The interfaces; those of the pod network are there while MicroK8s is. */
function links(context: CommandContext): Link[] {
  const { rig } = context;
  const last = Number(rig.address.split('.').at(-1) ?? 1);
  const mac = `52:54:00:12:34:${last.toString(16).padStart(2, '0')}`;
  const found: Link[] = [
    { index: 1, name: 'lo', address: '127.0.0.1', prefix: 8, mac: '00:00:00:00:00:00', type: 'loopback' },
    { index: 2, name: interfaceName(rig), address: rig.address, prefix: 24, mac, type: 'ether' },
  ];
  if (rig.microk8s) {
    found.push({
      index: 5,
      name: 'vxlan.calico',
      address: `10.1.${last}.0`,
      prefix: 32,
      mac: `66:54:00:12:34:${mac.slice(-2)}`,
      type: 'ether',
    });
  }
  return found;
}

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

/** ping: nobody there is exit 1, a name that nobody knows exit 2. */
export const ping: Command = withOptions(
  { flags: ['-q', '-n', '-4', '-D'], values: ['-c', '-W', '-w', '-i', '-s', '-I'] },
  async (context, options) => {
    const target = options.operands[0];
    if (target === undefined) return fail(context, 'ping: usage error: Destination address required', 1);
    const address = resolve(context, target);
    if (address === undefined) {
      return fail(
        context,
        `ping: ${target}: ${canResolve(context) ? 'Name or service not known' : 'Temporary failure in name resolution'}`,
        2,
      );
    }
    const count = Number(options.value('-c') ?? 4);
    const interval = Number(options.value('-i') ?? 1);
    const rtt = roundTrip(context.rig, context.world, address);
    context.out(`PING ${target} (${address}) 56(84) bytes of data.\n`);
    await context.sleep((count - 1) * interval + (rtt === undefined ? Number(options.value('-W') ?? 10) : rtt / 1000));
    if (rtt !== undefined && !options.has('-q')) {
      for (let i = 1; i <= count; i++)
        context.out(`64 bytes from ${address}: icmp_seq=${i} ttl=64 time=${rtt.toFixed(3)} ms\n`);
    }
    const time = Math.round((count - 1) * interval * 1000 + 3);
    const received = rtt === undefined ? 0 : count;
    context.out(
      `\n--- ${target} ping statistics ---\n${count} packets transmitted, ${received} received, ${rtt === undefined ? 100 : 0}% packet loss, time ${time}ms\n`,
    );
    if (rtt !== undefined) {
      context.out(
        `rtt min/avg/max/mdev = ${(rtt * 0.9).toFixed(3)}/${rtt.toFixed(3)}/${(rtt * 1.2).toFixed(3)}/${(rtt * 0.1).toFixed(3)} ms\n`,
      );
    } else context.out('\n');
    return rtt === undefined ? 1 : 0;
  },
  2,
);

/** ss: who listens. */
export const ss: Command = withOptions(
  {
    flags: [
      '-H|--no-header',
      '-l|--listening',
      '-t|--tcp',
      '-u|--udp',
      '-n|--numeric',
      '-p|--processes',
      '-4',
      '-6',
      '-a|--all',
      '-O|--oneline',
    ],
  },
  (context, options) => {
    const wants = (proto: string) => options.has(`--${proto}`) || (!options.has('--tcp') && !options.has('--udp'));
    const filter = /sport\s*=\s*:?(\d+)/.exec(options.operands.join(' '))?.[1];
    const found = listeners(context.rig, context.now()).filter(
      (l) => wants(l.proto) && (filter === undefined || String(l.port) === filter),
    );
    const isMixed = wants('tcp') && wants('udp');
    const rows = options.has('--listening') || options.has('--all') ? found : [];
    const cells = rows.map((l) => [
      ...(isMixed ? [l.proto] : []),
      l.proto === 'udp' ? 'UNCONN' : 'LISTEN',
      '0',
      l.proto === 'udp' ? '0' : '4096',
      `${l.address}:${l.port}`,
      l.address === '*' ? '*:*' : '0.0.0.0:*',
      options.has('--processes') && context.user === 'root' ? `users:(("${l.program}",pid=900,fd=3))` : '',
    ]);
    const head = [
      ...(isMixed ? ['Netid'] : []),
      'State',
      'Recv-Q',
      'Send-Q',
      'Local Address:Port',
      'Peer Address:Port',
      'Process',
    ];
    const all = options.has('--no-header') ? cells : [head, ...cells];
    if (all.length > 0) context.out(table(all, 1));
    return 0;
  },
  255,
);

export const networkctl: Command = withOptions(
  { flags: ['--no-legend', '--no-pager', '-a|--all'] },
  (context, options) => {
    const [verb = 'list', name] = options.operands;
    if (verb !== 'list' && verb !== 'status') return fail(context, `Unknown command verb '${verb}'.`);
    const found = links(context).filter((l) => name === undefined || l.name === name);
    if (found.length === 0) return fail(context, `Interface "${name}" not found.`);
    if (verb === 'status') {
      for (const l of found)
        context.out(
          `● ${l.index}: ${l.name}\n           Type: ${l.type}\n          State: routable (configured)\n        Address: ${l.address}\n`,
        );
      return 0;
    }
    const type = (l: Link) =>
      l.type === 'loopback' ? 'loopback' : context.rig.hardware.nic === 'wifi' && l.index === 2 ? 'wlan' : 'ether';
    const rows = found.map((l) => [
      `${l.index}`.padStart(3),
      l.name,
      type(l),
      l.type === 'loopback' ? 'carrier' : 'routable',
      l.index === 2 ? 'configured' : 'unmanaged',
    ]);
    if (options.has('--no-legend')) context.out(table(rows, 1));
    else
      context.out(
        `${table([['IDX', 'LINK', 'TYPE', 'OPERATIONAL', 'SETUP'], ...rows], 1)}\n${rows.length} links listed.\n`,
      );
    return 0;
  },
);
