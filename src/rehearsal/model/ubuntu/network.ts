import type { Command } from '../command.ts';
import { fail, table, withOptions } from './arguments.ts';
import { type Link, links } from './links.ts';
import { canResolve, resolve } from './names-data.ts';
import { listeners, roundTrip } from './network-data.ts';

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
