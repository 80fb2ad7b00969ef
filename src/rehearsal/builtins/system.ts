import { posix } from 'node:path';
import type { HostContext } from '../context.ts';

const MACHINES = { amd64: 'x86_64', arm64: 'aarch64' } as const;

export function uname(context: HostContext): number {
  const { os, hardware } = context.rig;
  const machine = MACHINES[hardware.arch];
  const values: Record<string, string> = {
    s: 'Linux',
    n: hostName(context),
    r: os.kernel,
    v: '#1 SMP PREEMPT_DYNAMIC',
    m: machine,
    p: machine,
    i: machine,
    o: 'GNU/Linux',
  };
  const long: Record<string, string> = { '--kernel-release': 'r', '--machine': 'm', '--nodename': 'n', '--all': 'a' };
  const letters = context.args.flatMap((arg) => [...(long[arg] ?? arg.replace(/^-+/, ''))]);
  const wanted = letters.length === 0 ? ['s'] : letters.includes('a') ? [...'snrvmpio'] : letters;
  const unknown = wanted.find((letter) => values[letter] === undefined);
  if (unknown) {
    context.err(`uname: invalid option -- '${unknown}'\nTry 'uname --help' for more information.\n`);
    return 1;
  }
  context.out(
    `${[...'snrvmpio']
      .filter((letter) => wanted.includes(letter))
      .map((letter) => values[letter])
      .join(' ')}\n`,
  );
  return 0;
}

/** The live name is the kernel's; /etc/hostname is what it is set to at the next boot. */
function hostName(context: HostContext): string {
  return context.machine.hostName();
}

/** hostname: addresses by the model, everything else by the real one. */
export function hostname(context: HostContext): number {
  const [option] = context.args;
  if (option === '-I' || option === '--all-ip-addresses') context.out(`${context.rig.address} \n`);
  else if (option === '-i' || option === '--ip-address') context.out(`${context.rig.address}\n`);
  else if (option === undefined || ['-s', '-f', '--fqdn', '--long', '--short'].includes(option)) {
    context.out(`${hostName(context)}\n`);
  } else if (context.user !== 'root') {
    context.err('hostname: you must be root to change the host name\n');
    return 1;
  } else {
    context.machine.setHostName(option);
  }
  return 0;
}

/** reboot, and shutdown, poweroff and halt, after which a machine of a rehearsal is switched on again by hand: at once. */
export function reboot(context: HostContext): number {
  if (context.user !== 'root') {
    context.err('Call to Reboot failed: Interactive authentication required.\n');
    return 1;
  }
  if (context.name === 'shutdown' && context.args.includes('-c')) {
    context.machine.cancelReboot();
    return 0;
  }
  const when = context.args.find((arg) => /^(now|\+?\d+)$/.test(arg)) ?? (context.name === 'shutdown' ? '+1' : 'now');
  context.reboot(when === 'now' ? 0.5 : Number(when) * 60);
  return 0;
}

/** coreutils sync: what a power cut would leave empty is on the disk after it. */
export function sync(context: HostContext): number {
  const { unwritten } = context.machine;
  const words = context.args.filter((arg) => !arg.startsWith('-'));
  if (words.length === 0) unwritten.syncAll();
  const paths = words.map((word) => ({ word, path: posix.resolve(context.cwd, word) }));
  // What lies on no disk of the machine's own, such as /usr/local, no power cut empties.
  const gone = paths.filter(({ path }) => !unwritten.sync(path) && !context.files.exists(path)).map(({ word }) => word);
  for (const word of gone) context.err(`sync: error opening '${word}': No such file or directory\n`);
  return gone.length > 0 ? 1 : 0;
}
