import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { owe } from '../shell/debts.ts';
import { MACHINE_STATE } from '../shell/job.ts';
import { lines, type Script, sh } from '../shell/script.ts';
import { type Given, judged, ownHost, refused } from './answers.ts';
import type { Placed } from './declare.ts';
import { contentAsk, seenContent } from './file.ts';
import { meminfo, memoryAsk } from './hardware.ts';
import { SNAP_DATA } from './kube.ts';
import { gone, stays } from './stays.ts';
import { assignments, lowered, sysctlFilesAsk } from './sysctl.ts';
import { removeFile } from './undo-file.ts';
import { writeOwnFile } from './write.ts';

/** The kernel keeps so many pages of 2 MiB apart, now and after a reboot. gpu-and-nodes sheet 6, hugepages. */
export type HugepagesSpec = {
  /** A file in /etc/sysctl.d of mlk8s alone. */
  readonly path: string;
  readonly pages: number;
  /** Memory that the machine must have besides the pages, in MiB. */
  readonly besidesMiB: number;
};

export function hugepages({ id, on, needs, ...spec }: Placed & HugepagesSpec): Declared<HugepagesSpec> {
  return { kind: 'hugepages', id, on, needs, spec };
}

export const hugepagesKind: Kind<HugepagesSpec> = { kind: 'hugepages', asks, judge, undo };

const KEY = 'vm.nr_hugepages';
const PAGE_KIB = 2048;
/** Boot id in which the kernel found too few pages. Another boot than this one: a reboot was tried already. */
const SHORT = `${MACHINE_STATE}/hugepages-short`;

function asks(it: Declared<HugepagesSpec>): Ask[] {
  const boots = sh`
    cat /proc/sys/kernel/random/boot_id
    cat ${SHORT}
  `;
  return [
    memoryAsk(ownHost(it)),
    contentAsk(it.on, it.spec.path),
    sysctlFilesAsk(it.on),
    { key: 'boot that was short of hugepages', on: it.on, sh: boots, timeoutS: 10 },
  ];
}

function judge(it: Declared<HugepagesSpec>, world: World): Verdict {
  return judged(it, world, asks(it), (memory, file, everywhere, boots) => {
    const { path, pages } = it.spec;
    const there = meminfo(memory.text, 'HugePages_Total');
    const impossible = refusal(it, memory, there);
    if (impossible) return impossible;
    const was = seenContent(file)?.content ?? '';
    const kept = Number(assignments(was).get(KEY) ?? 0);
    const warning = lowered({ path, atLeast: { [KEY]: pages } }, everywhere.text);
    const isKept = kept >= pages;
    if (there >= pages && isKept) {
      return { verdict: 'ok', because: `${there} pages of 2 MiB are kept apart`, ...(warning ? { warning } : {}) };
    }
    if (there < pages && isKept) {
      if (world.debts(ownHost(it)).includes('reboot')) {
        const because = `${there} of ${pages} pages of 2 MiB; the others come with the reboot that ${ownHost(it)} waits for`;
        return { verdict: 'ok', because };
      }
      const [boot, short] = boots.text.split('\n');
      if (boot !== undefined && boot !== '' && boot === short) return fragmented(it, there);
    }
    return change(it, there, was, Math.max(pages, kept, there));
  });
}

/** What no reboot helps against. */
function refusal(it: Declared<HugepagesSpec>, { text }: Given, there: number): Verdict | undefined {
  const { pages, besidesMiB } = it.spec;
  const size = meminfo(text, 'Hugepagesize');
  const host = ownHost(it);
  if (Number.isNaN(there) || size !== PAGE_KIB) {
    return refused(
      it.id,
      Number.isNaN(there)
        ? 'the kernel knows no hugepages (no HugePages_Total in /proc/meminfo)'
        : `the hugepages of ${host} have ${size} KiB, needed are ${PAGE_KIB} KiB`,
      'its kernel was built or started so: default_hugepagesz on its command line',
      'take that word out of the kernel command line (/etc/default/grub, then sudo update-grub) and reboot it',
    );
  }
  const has = Math.floor(meminfo(text, 'MemTotal') / 1024);
  const needed = (pages * PAGE_KIB) / 1024 + besidesMiB;
  if (there >= pages || has >= needed) return undefined;
  return refused(
    it.id,
    `${host} has ${has} MiB of memory, and ${needed} MiB are needed`,
    `${pages} hugepages take ${(pages * PAGE_KIB) / 1024} MiB, and MicroK8s and what uses the pages ${besidesMiB} MiB more`,
    `give ${host} more memory, or take its disks out of storage.mayastor.pools`,
  );
}

function fragmented(it: Declared<HugepagesSpec>, there: number): Verdict {
  const host = ownHost(it);
  return refused(
    it.id,
    `the kernel of ${host} found room for ${there} of ${it.spec.pages} pages of 2 MiB`,
    'its memory is full or in pieces, also after a reboot',
    `see what fills it: ssh ${host} free -h; grep Huge /proc/meminfo`,
    `stop that, or give ${host} more memory; reboot it, then run the same command again`,
  );
}

function change(it: Declared<HugepagesSpec>, there: number, was: string, pages: number): Verdict {
  const { path } = it.spec;
  const content = `${KEY}=${pages}\n`;
  const isShort = there < it.spec.pages;
  return {
    verdict: 'change',
    because: isShort
      ? `${there} of ${it.spec.pages} pages of 2 MiB are kept apart`
      : `${path} does not keep ${it.spec.pages} pages over a reboot`,
    diff: [
      ...(isShort ? [{ what: KEY, before: `${there}`, after: `${pages}` }] : []),
      ...(was === content ? [] : [{ what: path, before: was, after: content }]),
    ],
    moves: [
      {
        does: `write ${path} and apply it`,
        on: it.on,
        run: lines(...(isShort ? [oweRestart] : []), writeOwnFile(it.id, path, content), apply(path, it.spec.pages)),
        deadlineS: 120,
      },
    ],
  };
}

/** kubelet counts the pages only when it starts. kubernetes#72307, storage sheet 2.3 and failure 8. */
const oweRestart = sh`
  if [ -d ${SNAP_DATA} ]; then
    ${owe('restart-kubelite')}
  fi
`;

/** Memory in pieces gives fewer pages than asked for, without an error; a fresh boot has it in one. */
function apply(path: string, pages: number): Script {
  return sh`
    sysctl -p ${path}
    if [ "$(sysctl -n ${KEY})" -ge ${pages} ]; then
      rm -f ${SHORT}
    else
      if [ ! -e ${SHORT} ]; then
        ${owe('reboot')}
      fi
      cat /proc/sys/kernel/random/boot_id >${SHORT}
    fi
  `;
}

/** What the value was before is not known, and others may use pages by now. */
function undo(it: Recorded<HugepagesSpec>, world: World): Verdict {
  const { path } = it.spec;
  return judged(it, world, [contentAsk(it.on, path)], (answer) => {
    const seen = seenContent(answer);
    if (!seen) return gone(`${path} does not exist`);
    if (!/^vm\.nr_hugepages=\d+\n$/.test(seen.content)) return stays(`${path} was changed after mlk8s wrote it`);
    const run = lines(removeFile(it.id, path), sh`rm -f ${SHORT}`);
    const does = `remove ${path} (its pages stay kept apart until the next reboot)`;
    return { verdict: 'change', because: 'it was written by mlk8s', moves: [{ does, on: it.on, run, deadlineS: 30 }] };
  });
}
