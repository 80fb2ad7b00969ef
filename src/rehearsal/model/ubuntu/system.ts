import type { Command, CommandContext } from '../command.ts';
import { fail, type Options, withOptions } from './arguments.ts';
import { isBooting } from './units.ts';

/**
 * journalctl: simulated programs write no journal. What somebody put into /var/log/syslog and /var/log/kern.log, where
 * Ubuntu's rsyslog keeps the same lines, is shown; without any, a pattern is exit 1.
 */
export const journalctl: Command = withOptions(
  {
    flags: [
      '-k|--dmesg',
      '--no-pager',
      '-q|--quiet',
      '-r|--reverse',
      '-e|--pager-end',
      '-x|--catalog',
      '-f|--follow',
      '--no-hostname',
      '--sync',
      '--flush',
    ],
    values: [
      '-u|--unit',
      '-n|--lines',
      '-o|--output',
      '-g|--grep',
      '-p|--priority',
      '-S|--since',
      '-U|--until',
      '--vacuum-size',
      '--vacuum-time',
      '-t|--identifier',
    ],
    optional: ['-b|--boot'],
  },
  (context, options) => {
    const lines = journal(context, options);
    if (lines.length === 0) {
      if (!options.has('--quiet')) context.out('-- No entries --\n');
      return options.value('--grep') === undefined ? 0 : 1;
    }
    const bare = options.value('--output') === 'cat';
    for (const line of lines.slice(-Number(options.value('--lines') ?? lines.length))) {
      context.out(`${bare ? line.replace(/^.*?\]?: /, '') : line}\n`);
    }
    return 0;
  },
);

/** Lines as rsyslog writes them: `2026-11-21T12:00:00+00:00 rig1 microk8s.daemon-kubelite[812]: …`. */
function journal({ files }: CommandContext, options: Options): string[] {
  const text = files.read(options.has('--dmesg') ? '/var/log/kern.log' : '/var/log/syslog') ?? '';
  const units = options.all('--unit').map((unit) => unit.replace(/^snap\./, '').replace(/\*$|\.service$/, ''));
  const grep = options.value('--grep');
  return text.split('\n').filter((line) => {
    const name = line.split(' ')[2] ?? '';
    const isWanted = units.length === 0 || units.some((unit) => name.startsWith(unit));
    return line !== '' && isWanted && (grep === undefined || new RegExp(grep).test(line));
  });
}

/** `systemd-analyze cat-config systemd/logind.conf`: the file, then its drop-ins, each under its path. */
export const systemdAnalyze: Command = withOptions({ flags: ['--no-pager', '--tldr'] }, (context, options) => {
  const [verb = 'time', name] = options.operands;
  if (verb === 'time') {
    context.out('Startup finished in 4.2s (kernel) + 11.1s (userspace) = 15.3s \n');
    return 0;
  }
  if (verb !== 'cat-config') return fail(context, `Unknown command verb '${verb}'.`);
  if (name === undefined) return fail(context, 'Too few arguments.');
  const path = name.startsWith('/') ? name : `/etc/${name}`;
  const folder = `${path}.d`;
  const files = [
    path,
    ...context.files
      .list(folder)
      .filter((f) => f.endsWith('.conf'))
      .toSorted()
      .map((f) => `${folder}/${f}`),
  ];
  const texts = files.flatMap((file) => {
    const text = context.files.read(file);
    return text === undefined ? [] : [`# ${file}\n${text}`];
  });
  context.out(texts.join('\n'));
  return 0;
});

/** `cloud-init status --wait`: done, as soon as the machine is up. */
export const cloudInit: Command = withOptions(
  { flags: ['-w|--wait', '-l|--long'], values: ['--format'] },
  async (context, options) => {
    if (options.operands[0] !== 'status')
      return fail(context, `usage: cloud-init [-h] [--version] [--debug] [--force]`, 2);
    while (options.has('--wait') && isBooting(context)) {
      context.out('.');
      await context.sleep(1);
    }
    const status = isBooting(context) ? 'running' : 'done';
    context.out(options.value('--format') === 'json' ? `${JSON.stringify({ status })}\n` : `status: ${status}\n`);
    return 0;
  },
  2,
);

export const loginctl: Command = withOptions(
  { flags: ['--no-legend', '--no-pager', '--value'], values: ['-p|--property'] },
  (context, options) => {
    const [verb = 'list-sessions', user] = options.operands;
    if (verb === 'enable-linger' || verb === 'disable-linger') {
      const file = `/var/lib/systemd/linger/${user ?? context.user}`;
      if (verb === 'enable-linger') context.files.write(file, '');
      else context.files.remove(file);
      return 0;
    }
    if (verb !== 'list-sessions' && verb !== 'list-users') return fail(context, `Unknown command verb '${verb}'.`);
    const row =
      verb === 'list-sessions'
        ? `      1 1000 ${context.rig.user} - -  active no -\n`
        : `1000 ${context.rig.user} no active\n`;
    context.out(
      options.has('--no-legend') ? row : `${row}\n1 ${verb === 'list-sessions' ? 'sessions' : 'users'} listed.\n`,
    );
    return 0;
  },
);

/** visudo -c: looks at the words of each line, not at what they mean. */
export const visudo: Command = withOptions(
  { flags: ['-c|--check', '-q|--quiet', '-s|--strict'], values: ['-f|--file'] },
  (context, options) => {
    if (!options.has('--check')) return fail(context, 'visudo: simulated machines have no editor');
    const file = options.value('--file') ?? options.operands[0] ?? '/etc/sudoers';
    const text = context.files.read(file);
    if (text === undefined) return fail(context, `visudo: unable to open ${file}: No such file or directory`);
    if (context.user !== 'root') return fail(context, `visudo: unable to open ${file}: Permission denied`);
    const lines = text.split('\n');
    const wrong = lines.findIndex((line) => !isSudoersLine(line.trim()));
    if (wrong >= 0) {
      context.err(`${file}:${wrong + 1}:1: syntax error\n${lines[wrong]}\n^\n`);
      return 1;
    }
    if (!options.has('--quiet')) context.out(`${file}: parsed OK\n`);
    return 0;
  },
);

function isSudoersLine(line: string): boolean {
  if (line === '' || line.startsWith('#') || line.startsWith('@include')) return true;
  if (/^Defaults\b/.test(line)) return true;
  if (/^(User|Runas|Host|Cmnd)_Alias\s+\w+\s*=/.test(line)) return true;
  return /^[%+]?[\w.#-]+\s+[\w.-]+\s*=\s*(\([^)]*\)\s*)?([A-Z]+:\s*)*\S/.test(line);
}

export const updateInitramfs: Command = withOptions(
  { flags: ['-u', '-c', '-d', '-v'], values: ['-k'] },
  async (context, options) => {
    if (context.user !== 'root') return fail(context, 'update-initramfs: must be root');
    if (!options.has('-u') && !options.has('-c'))
      return fail(context, 'You must specify at least one of -c, -u, or -d.');
    const kernel = options.value('-k') ?? context.rig.os.kernel;
    context.out(`update-initramfs: Generating /boot/initrd.img-${kernel === 'all' ? context.rig.os.kernel : kernel}\n`);
    await context.sleep(15);
    return 0;
  },
);

export const needrestart: Command = withOptions(
  { flags: ['-b', '-k', '-l', '-q', '-v', '-p'], values: ['-r', '-m', '-u'] },
  (context, options) => {
    if (options.has('-b')) context.out(kernelState(context));
    else if (!options.has('-q'))
      context.out('No services need to be restarted.\nNo containers need to be restarted.\n');
    return 0;
  },
);

function kernelState(context: CommandContext): string {
  const { kernel } = context.rig.os;
  return `NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: ${kernel}\nNEEDRESTART-KEXP: ${kernel}\nNEEDRESTART-KSTA: 1\n`;
}
