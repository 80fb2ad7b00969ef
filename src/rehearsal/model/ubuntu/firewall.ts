import type { Command, CommandContext } from '../command.ts';
import type { RigState } from '../state.ts';
import { fail, withOptions } from './arguments.ts';

const SYNTAX = 'ERROR: Invalid syntax';

interface Rule {
  to: string;
  action: string;
  from: string;
  comment: string;
}

/** A rule is kept as the words of its row in `ufw status`. */
function pack(rule: Rule): string {
  return [rule.to, rule.action, rule.from, rule.comment].join('|');
}

function unpack(text: string): Rule {
  const [to = '', action = '', from = '', comment = ''] = text.split('|');
  return { to, action, from, comment };
}

/** `allow from 192.168.1.0/24 to any port 22 proto tcp comment 'x'`, `allow in on cali+`, `allow 22/tcp`. */
export function parseRule(words: readonly string[]): Rule | undefined {
  const rest = [...words];
  const isRoute = rest[0] === 'route' && rest.shift() !== undefined;
  const verb = rest.shift() ?? '';
  if (!['allow', 'deny', 'reject', 'limit'].includes(verb)) return undefined;
  const part = { to: '', port: '', from: 'Anywhere', proto: '', on: '', comment: '', out: false };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const value = () => rest.shift() ?? '';
    if (word === 'in' || word === 'out') part.out = word === 'out';
    else if (word === 'on') part.on = value();
    else if (word === 'from') part.from = anywhere(value());
    else if (word === 'to') part.to = anywhere(value());
    else if (word === 'port') part.port = value();
    else if (word === 'proto') part.proto = value();
    else if (word === 'comment') part.comment = value();
    else if (/^\d+([:,]\d+)*(\/(tcp|udp))?$/.test(word)) part.port = word;
    else if (word === 'OpenSSH' || word === 'ssh') part.port = word === 'ssh' ? '22/tcp' : word;
    else return undefined;
  }
  const port = part.proto && part.port ? `${part.port}/${part.proto}` : part.port;
  const place = [part.to === 'Anywhere' ? '' : part.to, port].filter((p) => p !== '').join(' ') || 'Anywhere';
  const suffix = isRoute ? ' FWD' : part.out ? ' OUT' : '';
  return {
    to: part.on ? `${place} on ${part.on}` : place,
    action: `${verb.toUpperCase()}${suffix}`,
    from: part.from,
    comment: part.comment,
  };
}

/** The words that `ufw show added` prints: the rule as one would type it, shortest form first. */
function asTyped({ to, action, from, comment }: Rule): string {
  const [verb = '', direction] = action.toLowerCase().split(' ');
  const [place = '', nic] = to.split(' on ');
  const [, port = '', proto] = /(?:^|\s)([\d:,]+)(?:\/(\w+))?$/.exec(place) ?? [];
  const words = [
    ...(direction === 'fwd' ? ['route', verb] : [verb]),
    ...(direction === 'out' ? ['out'] : nic ? ['in'] : []),
  ];
  if (nic) words.push('on', nic);
  const target =
    place === 'Anywhere' || place === port || place === `${port}/${proto}` ? 'any' : (place.split(' ')[0] ?? '');
  if (from === 'Anywhere' && target === 'any') words.push(...(port ? [place] : []));
  else {
    if (from !== 'Anywhere') words.push('from', from);
    if (target !== 'any' || port) words.push('to', target);
    if (port) words.push('port', port, ...(proto ? ['proto', proto] : []));
  }
  return [...words, ...(comment ? [`comment '${comment}'`] : [])].join(' ');
}

function anywhere(word: string): string {
  return word === 'any' || word === '0.0.0.0/0' ? 'Anywhere' : word;
}

/** Adds a rule; false when it is there already. The comment of a rule is no part of what it is. */
export function addRule(rig: RigState, rule: Rule): boolean {
  const isSame = (text: string) => pack({ ...unpack(text), comment: '' }) === pack({ ...rule, comment: '' });
  if (rig.ufw.rules.some(isSame)) return false;
  rig.ufw.rules.push(pack(rule));
  return true;
}

/** ufw 0.36 (sheet gpu-and-nodes 6, firewall). */
export const ufw: Command = async (context) => {
  const words = context.args.filter((word) => word !== '--force');
  const [verb = '', ...rest] = words;
  if (verb === 'version' || verb === '--version') {
    context.out('ufw 0.36.2\n');
    return 0;
  }
  if (context.user !== 'root') return fail(context, 'ERROR: You need to be root to run this script');
  const run = UFW[verb];
  const code = run ? await run(context, rest) : rule(context, words);
  context.changed();
  return code;
};

const UFW: Readonly<Record<string, (context: CommandContext, rest: readonly string[]) => Promise<number> | number>> = {
  status,
  show: (context, rest) => {
    if (rest[0] !== 'added') return fail(context, SYNTAX);
    const { rules } = context.rig.ufw;
    context.out("Added user rules (see 'ufw status' for running firewall):\n");
    context.out(rules.length === 0 ? '(None)\n' : rules.map((r) => `ufw ${asTyped(unpack(r))}\n`).join(''));
    return 0;
  },
  enable: async (context) => {
    if (!context.args.includes('--force')) {
      context.out('Command may disrupt existing ssh connections. Proceed with operation (y|n)? ');
      if (!/^y/i.test((await context.stdin()).toString())) {
        context.out('Aborted\n');
        return 0;
      }
    }
    context.rig.ufw.active = true;
    context.out('Firewall is active and enabled on system startup\n');
    return 0;
  },
  disable: (context) => {
    context.rig.ufw.active = false;
    context.out('Firewall stopped and disabled on system startup\n');
    return 0;
  },
  reload: (context) => {
    context.out(context.rig.ufw.active ? 'Firewall reloaded\n' : 'Firewall not enabled (skipping reload)\n');
    return 0;
  },
  default: (context, [policy = '', direction = 'incoming']) => {
    if (!['allow', 'deny', 'reject'].includes(policy)) return fail(context, SYNTAX);
    if (direction === 'routed') context.rig.ufw.routed = policy === 'allow' ? 'allow' : 'deny';
    context.out(`Default ${direction} policy changed to '${policy}'\n(be sure to update your rules accordingly)\n`);
    return 0;
  },
  delete: (context, rest) => {
    const parsed = parseRule(rest);
    if (!parsed) return fail(context, SYNTAX);
    const { rules } = context.rig.ufw;
    const left = rules.filter((text) => pack({ ...unpack(text), comment: '' }) !== pack({ ...parsed, comment: '' }));
    const found = left.length < rules.length;
    context.rig.ufw.rules = left;
    context.out(found ? 'Rule deleted\n' : 'Could not delete non-existent rule\n');
    return 0;
  },
};

function rule(context: CommandContext, words: readonly string[]): number {
  const parsed = parseRule(words);
  if (!parsed) return fail(context, SYNTAX);
  const isNew = addRule(context.rig, parsed);
  const done = context.rig.ufw.active ? 'Rule added' : 'Rules updated';
  const said = isNew ? done : 'Skipping adding existing rule';
  const hasV6 = parsed.from === 'Anywhere' && !/\d+\.\d+\.\d+\.\d+/.test(parsed.to);
  context.out(`${said}\n${hasV6 ? `${said} (v6)\n` : ''}`);
  return 0;
}

function status(context: CommandContext, rest: readonly string[]): number {
  const { ufw } = context.rig;
  if (!ufw.active) {
    context.out('Status: inactive\n');
    return 0;
  }
  const isVerbose = rest[0] === 'verbose';
  const rules = ufw.rules.map(unpack);
  context.out('Status: active\n');
  if (isVerbose) {
    context.out(
      `Logging: on (low)\nDefault: deny (incoming), allow (outgoing), ${ufw.routed} (routed)\nNew profiles: skip\n`,
    );
  }
  if (rules.length === 0) return 0;
  const isLong = isVerbose || rules.some((r) => r.action.includes(' '));
  const action = (r: Rule) => (isLong && !r.action.includes(' ') ? `${r.action} IN` : r.action);
  context.out(`\n${'To'.padEnd(26)} ${'Action'.padEnd(11)} From\n${'--'.padEnd(26)} ${'------'.padEnd(11)} ----\n`);
  for (const r of rules) {
    const comment = r.comment ? ` # ${r.comment}` : '';
    context.out(`${r.to.padEnd(26)} ${action(r).padEnd(11)} ${r.from.padEnd(26)}${comment}\n`);
  }
  context.out('\n');
  return 0;
}

/** iptables -S and -P; Docker and an active ufw make FORWARD drop (sheet microk8s 1.2, 6 #20). */
export const iptables: Command = withOptions(
  { flags: ['-S|--list-rules', '-n|--numeric', '-w|--wait', '-L|--list', '-P|--policy', '-v'], values: ['-t|--table'] },
  (context, options) => {
    const { rig } = context;
    if (context.user !== 'root') {
      return fail(
        context,
        `${context.name} v1.8.10 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)`,
        4,
      );
    }
    const [chain, policy] = options.operands;
    if (options.has('--policy')) {
      if (chain !== 'FORWARD' || (policy !== 'ACCEPT' && policy !== 'DROP'))
        return fail(context, `${context.name}: Bad built-in chain name.`);
      rig.forwardPolicy = policy;
      context.changed();
      return 0;
    }
    if (!options.has('--list-rules'))
      return fail(context, `${context.name} v1.8.10 (nf_tables): no command specified`, 2);
    const drops = rig.units['docker.service']?.active === 'active' || (rig.ufw.active && rig.ufw.routed !== 'allow');
    const policies: Record<string, string> = {
      INPUT: rig.ufw.active ? 'DROP' : 'ACCEPT',
      FORWARD: rig.forwardPolicy ?? (drops ? 'DROP' : 'ACCEPT'),
      OUTPUT: 'ACCEPT',
    };
    const chains = chain === undefined ? Object.keys(policies) : [chain];
    if (chains.some((c) => policies[c] === undefined))
      return fail(
        context,
        `${context.name} v1.8.10 (nf_tables): chain \`${chain}' in table \`filter' is incompatible, use 'nft' tool.`,
      );
    for (const c of chains) context.out(`-P ${c} ${policies[c]}\n`);
    if (rig.microk8s && chains.includes('FORWARD')) {
      context.out('-A FORWARD -s 10.1.0.0/16 -m comment --comment "generated for MicroK8s pods" -j ACCEPT\n');
      context.out('-A FORWARD -d 10.1.0.0/16 -m comment --comment "generated for MicroK8s pods" -j ACCEPT\n');
    }
    return 0;
  },
  2,
);
