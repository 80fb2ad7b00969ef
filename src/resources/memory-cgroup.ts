import type { Ask, Declared, Kind, Verdict, World } from '../engine/types.ts';
import { owe } from '../shell/debts.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';

/** The kernel can account for memory, which a Raspberry Pi has off by default. microk8s sheet 1.2 and 6, number 14. */
export type MemoryCgroupSpec = Record<string, never>;

export function memoryCgroup(placed: Placed): Declared<MemoryCgroupSpec> {
  return { kind: 'memory-cgroup', ...placed, spec: {} };
}

export const memoryCgroupKind: Kind<MemoryCgroupSpec> = { kind: 'memory-cgroup', asks, judge };

const FLAGS = ['cgroup_enable=memory', 'cgroup_memory=1'];

function asks(it: Declared<MemoryCgroupSpec>): Ask[] {
  return [
    { key: 'cgroup controllers', on: it.on, sh: sh`cat /sys/fs/cgroup/cgroup.controllers`, timeoutS: 10 },
    {
      key: 'kernel command line of the firmware',
      on: it.on,
      sh: sh`
        for file in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
          [ -f "$file" ] && echo "$file" && head -c 4096 "$file" && break
        done
      `,
      timeoutS: 10,
    },
  ];
}

function judge(it: Declared<MemoryCgroupSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (controllers, commandLine) => {
    const [path = '', line = ''] = commandLine.text.split('\n');
    if (controllers.text.trim().split(/\s+/).includes('memory')) {
      return { verdict: 'ok', because: 'the kernel accounts for memory' };
    }
    const lacking = FLAGS.filter((flag) => !line.split(/\s+/).includes(flag));
    const host = ownHost(it);
    if (path !== '' && lacking.length === 0 && world.debts(host).includes('reboot')) {
      return { verdict: 'ok', because: `${path} switches it on at the reboot that ${host} waits for` };
    }
    if (path === '' || lacking.length === 0) {
      return refused(
        it.id,
        'the kernel does not account for memory (no "memory" in /sys/fs/cgroup/cgroup.controllers)',
        path === ''
          ? 'it boots with cgroup v1, or with the controller off'
          : `${path} asks for it, but did not take effect`,
        `add ${FLAGS.join(' ')} to the kernel command line (GRUB: /etc/default/grub, then sudo update-grub)`,
        'remove systemd.unified_cgroup_hierarchy=0 from it if it is there',
        `reboot ${host}, then run the same command again`,
      );
    }
    const after = [line.trimEnd(), ...lacking].join(' ');
    return {
      verdict: 'change',
      because: 'the kernel does not account for memory',
      diff: [{ what: path, before: line, after }],
      moves: [{ does: `add ${lacking.join(' ')} to ${path}`, on: it.on, run: append(path, lacking), deadlineS: 60 }],
    };
  });
}

/** The file is a single line on a FAT partition: modes cannot be set there. */
function append(path: string, flags: readonly string[]): Script {
  return lines(
    owe('reboot'),
    sh`
      sed ${`1s/[[:space:]]*$/ ${flags.join(' ')}/`} ${path} >${`${path}.mlk8s`}
      sync ${`${path}.mlk8s`}
      mv -fT -- ${`${path}.mlk8s`} ${path}
    `,
  );
}
