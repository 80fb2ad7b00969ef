import type { Command, CommandContext } from '../command.ts';
import type { RigState } from '../state.ts';
import { fail, parseOptions } from './arguments.ts';
import { configureAll, lockHolder } from './packages.ts';

type Package = RigState['packages'][string];

const STATUS = {
  installed: ['i', 'installed'],
  'half-installed': ['H', 'half-installed'],
  'half-configured': ['F', 'half-configured'],
  unpacked: ['U', 'unpacked'],
  'config-files': ['c', 'config-files'],
} as const;

function abbreviation(p: Package): string {
  const want = p.held ? 'h' : p.state === 'config-files' ? 'r' : 'i';
  return `${want}${STATUS[p.state][0]}${p.state === 'half-installed' ? 'R' : ' '}`;
}

function status(p: Package): string {
  const want = p.held ? 'hold' : p.state === 'config-files' ? 'deinstall' : 'install';
  return `${want} ${p.state === 'half-installed' ? 'reinstreq' : 'ok'} ${STATUS[p.state][1]}`;
}

/** Names that dpkg knows, and that match a shell pattern. */
function matching(rig: RigState, pattern: string): string[] {
  const bare = pattern.replace(/:[a-z0-9]+$/, '');
  const expression = bare
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const test = new RegExp(`^${expression}$`);
  return Object.keys(rig.packages)
    .filter((name) => test.test(name))
    .toSorted();
}

/** dpkg-query: what is missing is said on standard error, the rest is shown all the same, exit 1. */
export const dpkgQuery: Command = (context) => {
  // dpkg parses its words itself: it takes `-f=FORMAT`, which getopt would read as `=FORMAT`.
  const args = context.args.map((word) => word.replace(/^-f=/, '--showformat='));
  const options = parseOptions(args, {
    flags: ['-W|--show', '-s|--status', '-l|--list', '-L|--listfiles'],
    values: ['-f|--showformat'],
  });
  if (options.problem) return unknownOption(context, 'dpkg-query', options.problem.option);
  if (options.has('--status')) return showStatus(context, options.operands);
  if (options.has('--list')) return list(context, options.operands);
  if (!options.has('--show')) return unknownOption(context, 'dpkg-query', options.operands[0] ?? '');
  const format = options.value('--showformat') ?? '${binary:Package}\\t${Version}\\n';
  let code = 0;
  const names = options.operands.length > 0 ? options.operands : ['*'];
  for (const pattern of names) {
    const found = matching(context.rig, pattern);
    if (found.length === 0) code = fail(context, `dpkg-query: no packages found matching ${pattern}`);
    for (const name of found) context.out(show(context.rig, name, format));
  }
  return code;
};

function show(rig: RigState, name: string, format: string): string {
  const p = rig.packages[name];
  if (!p) return '';
  const [want = '', flag = '', state = ''] = status(p).split(' ');
  const fields: Record<string, string> = {
    Package: name,
    'binary:Package': name,
    Version: p.version,
    Architecture: rig.hardware.arch,
    Status: status(p),
    'db:Status-Abbrev': abbreviation(p),
    'db:Status-Want': want,
    'db:Status-Eflag': flag,
    'db:Status-Status': state,
  };
  return format
    .replaceAll(/\$\{([^};]+)(?:;(-?\d+))?\}/g, (_, field: string, width?: string) => {
      const value = fields[field] ?? '';
      const w = Number(width ?? 0);
      return w < 0 ? value.padEnd(-w) : value.padStart(w);
    })
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t');
}

function showStatus(context: CommandContext, names: readonly string[]): number {
  let code = 0;
  for (const name of names) {
    const p = context.rig.packages[name];
    if (p) {
      context.out(`Package: ${name}\nStatus: ${status(p)}\nPriority: optional\n`);
      context.out(`Architecture: ${context.rig.hardware.arch}\nVersion: ${p.version}\n\n`);
    } else {
      context.err(`dpkg-query: package '${name}' is not installed and no information is available\n`);
      context.err('Use dpkg --info (= dpkg-deb --info) to examine archive files.\n');
      code = 1;
    }
  }
  return code;
}

function list(context: CommandContext, patterns: readonly string[]): number {
  const rows: string[] = [];
  let code = 0;
  for (const pattern of patterns.length > 0 ? patterns : ['*']) {
    const found = matching(context.rig, pattern);
    if (found.length === 0) code = fail(context, `dpkg-query: no packages found matching ${pattern}`);
    for (const name of found) {
      const p = context.rig.packages[name];
      if (p) rows.push(`${abbreviation(p)} ${name.padEnd(30)} ${p.version.padEnd(28)} ${context.rig.hardware.arch}`);
    }
  }
  if (rows.length > 0) {
    context.out('Desired=Unknown/Install/Remove/Purge/Hold\n');
    context.out('| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n');
    context.out('|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n');
    context.out(`||/ ${'Name'.padEnd(30)} ${'Version'.padEnd(28)} Architecture\n+++-${'='.repeat(70)}\n`);
    context.out(rows.map((row) => `${row}\n`).join(''));
  }
  return code;
}

function unknownOption(context: CommandContext, command: string, option: string): number {
  if (option === '') return fail(context, `${command}: error: need an action option`, 2);
  return fail(context, `${command}: error: unknown option ${option}`, 2);
}

/** dpkg (sheet gpu-and-nodes 6.1). It never waits for its lock. */
export const dpkg: Command = async (context) => {
  const options = parseOptions(context.args, {
    flags: [
      '--configure',
      '-a|--pending',
      '--force-confdef',
      '--force-confold',
      '--force-confnew',
      '-C|--audit',
      '--print-architecture',
      '--print-foreign-architectures',
      '-s|--status',
      '-l|--list',
      '--compare-versions',
    ],
  });
  const { rig } = context;
  if (options.problem) return unknownOption(context, 'dpkg', options.problem.option);
  if (options.has('--print-architecture')) context.out(`${rig.hardware.arch}\n`);
  else if (options.has('--print-foreign-architectures')) context.out(rig.hardware.arch === 'amd64' ? 'i386\n' : '');
  else if (options.has('--status')) return showStatus(context, options.operands);
  else if (options.has('--list')) return list(context, options.operands);
  else if (options.has('--audit')) context.out(audit(rig));
  else if (options.has('--configure')) return configurePending(context);
  else return fail(context, 'dpkg: error: need an action option', 2);
  return 0;
};

const MESS =
  'The following packages are in a mess due to serious problems during\ninstallation.  They must be reinstalled for them (and any packages\nthat depend on them) to function properly:\n';
const UNCONFIGURED =
  'The following packages are only half configured, probably due to problems\nconfiguring them the first time.  The configuration should be retried using\ndpkg --configure <package> or the configure menu option in dselect:\n';

function audit(rig: RigState): string {
  const section = (head: string, ...states: Package['state'][]) => {
    const names = Object.keys(rig.packages).filter((name) => states.includes(rig.packages[name]?.state ?? 'installed'));
    return names.length === 0 ? '' : `${head}${names.map((name) => ` ${name.padEnd(20)} \n`).join('')}\n`;
  };
  return section(MESS, 'half-installed') + section(UNCONFIGURED, 'half-configured', 'unpacked');
}

async function configurePending(context: CommandContext): Promise<number> {
  if (context.user !== 'root') return fail(context, 'dpkg: error: requested operation requires superuser privilege', 2);
  if (lockHolder(context)) {
    const { pid } = lockHolder(context) ?? { pid: 0 };
    context.err('dpkg: error: dpkg frontend lock was locked by another process with pid ');
    context.err(`${pid}\nNote: removing the lock file is always wrong, can damage the locked area\n`);
    return fail(context, 'and the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.', 2);
  }
  await context.sleep(5);
  for (const name of configureAll(context)) {
    context.out(`Setting up ${name} (${context.rig.packages[name]?.version}) ...\n`);
  }
  return 0;
}
