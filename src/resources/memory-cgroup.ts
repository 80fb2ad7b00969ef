import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { owe } from '../shell/debts.ts';
import { keepFile, keptPath } from '../shell/originals.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { microk8sStays, remainsAsks } from './microk8s-data.ts';
import { gone, stays } from './stays.ts';

/** The kernel can account for memory, which a Raspberry Pi has off by default. microk8s sheet 1.2 and 6, number 14. */
export type MemoryCgroupSpec = Record<string, never>;

export function memoryCgroup(placed: Placed): Declared<MemoryCgroupSpec> {
  return { kind: 'memory-cgroup', ...placed, spec: {} };
}

export const memoryCgroupKind: Kind<MemoryCgroupSpec> = {
  kind: 'memory-cgroup',
  asks,
  judge,
  undo,
  undoAsks: (it) => [earlierAsk(it), ...remainsAsks(it)],
};

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
    const after = withFlags(line, lacking);
    return {
      verdict: 'change',
      because: 'the kernel does not account for memory',
      diff: [{ what: path, before: line, after }],
      moves: [
        {
          does: `add ${lacking.join(' ')} to ${path}`,
          on: it.on,
          run: lines(keepFile(it.id, path), append(path, lacking)),
          deadlineS: 60,
        },
      ],
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

function withFlags(line: string, flags: readonly string[]): string {
  return [line.trimEnd(), ...flags].join(' ');
}

/** The line that was there before. */
function earlierAsk({ id, on }: Recorded<MemoryCgroupSpec>): Ask {
  return { key: `kept ${id}`, on, sh: sh`head -c 4096 -- ${keptPath(id)}`, timeoutS: 10 };
}

function undo(it: Recorded<MemoryCgroupSpec>, world: World): Verdict {
  const [, current] = asks(it) as [Ask, Ask];
  return judged(it, world, [current, earlierAsk(it)], (commandLine, kept) => {
    const [path = '', line = ''] = commandLine.text.split('\n');
    const [earlier = ''] = kept.text.split('\n');
    if (path === '' || line.trimEnd() === earlier.trimEnd()) return gone('the kernel command line is as it was');
    if (earlier === '') return stays(`what ${path} was before mlk8s is not known`);
    const ours = withFlags(
      earlier,
      FLAGS.filter((flag) => !earlier.split(/\s+/).includes(flag)),
    );
    if (line !== ours) return stays(`${path} was changed after mlk8s wrote it`);
    const needed = microk8sStays(it, world);
    if (needed) return needed;
    const run = sh`
      cat ${keptPath(it.id)} >${`${path}.mlk8s`}
      sync ${`${path}.mlk8s`}
      mv -fT -- ${`${path}.mlk8s`} ${path}
    `;
    const does = `give ${path} its earlier line back (in force from the next reboot on)`;
    return {
      verdict: 'change',
      because: 'it was changed by mlk8s',
      diff: [{ what: path, before: line, after: earlier }],
      moves: [{ does, on: it.on, run, deadlineS: 60 }],
    };
  });
}
