import type { Check } from '../../engine/check.ts';
import { microk8sDataAsk } from '../../resources/microk8s-data.ts';
import { sh } from '../../shell/script.ts';
import { error, machineCheck } from './check.ts';

/**
 * The snap store can be reached and has the channel. Not asked where MicroK8s is already installed, nor where snapd is
 * still to come. microk8s sheet 1.3.
 */
export const storeCheck: Check = machineCheck(
  'snap-store',
  (node) => [
    microk8sDataAsk({ host: node.name }),
    {
      key: 'microk8s in the store',
      on: { host: node.name },
      sh: sh`
        [ -d /var/snap/microk8s ] && exit
        command -v snap || exit
        snap info microk8s 2>&1
      `,
      timeoutS: 60,
    },
  ],
  (subject, installed, store) => {
    const [program = '', ...info] = store?.text.split('\n') ?? [];
    if (installed?.text.trim() === 'yes' || program === '') return [];
    const { channel } = subject.file.microk8s;
    const rows = info.map((row) => /^\s+(\S+\/\S+):\s+(\S+)/.exec(row)).filter((row) => row !== null);
    if (rows.length === 0) {
      const seen = `the snap store does not answer: ${info.find((line) => line.trim() !== '') ?? 'nothing came'}`;
      const next = 'on that machine: snap info microk8s; repair the network, then run the same command again';
      return [error(subject, seen, 'the machine cannot reach api.snapcraft.io', next)];
    }
    const row = rows.find((it) => it[1] === channel);
    // An arrow: closed, follows the channel of less risk. A dash: nothing was ever there.
    if (row && !['–', '-', '--'].includes(row[2] ?? '')) return [];
    const offered = rows.map((it) => it[1]).filter((name) => name?.endsWith('/stable'));
    return [
      error(
        subject,
        `the snap store has no microk8s on channel ${channel}`,
        'the channel was mistyped or is not released for this architecture',
        `write another one into the cluster file, for example ${offered.slice(0, 3).join(', ')}`,
      ),
    ];
  },
);
