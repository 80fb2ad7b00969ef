import type { ClusterNode } from '../../config/schema.ts';
import type { Ask } from '../../engine/types.ts';
import { diskAsk, diskOf } from '../../resources/hardware.ts';
import { sh } from '../../shell/script.ts';
import { REGISTRY_PORT } from '../storage/registry-name.ts';
import { error, machineCheck, warning } from './check.ts';
import { listeningAsk, listeningOn } from './taken.ts';

const fstabAsk = ({ name }: ClusterNode): Ask => ({
  key: 'file systems to mount',
  on: { host: name },
  sh: sh`grep -v '^ *#' /etc/fstab`,
  timeoutS: 10,
});

const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Volumes on a disk that happens not to be mounted lie on the system's, and vanish when it is. platform sheet, 5, 10 */
const mount = machineCheck(
  'data-mount',
  (node, file) => (file.storage?.openebs ? [fstabAsk(node), diskAsk(node.name, file.node.dataDir)] : []),
  (subject, fstab, disk) => {
    const { dataDir } = subject.file.node;
    const points = (fstab?.text ?? '').split('\n').map((row) => row.trim().split(/\s+/)[1] ?? '');
    const [wanted] = points
      .filter((point) => point.length > 1 && isIn(dataDir, point))
      .sort((a, b) => b.length - a.length);
    if (!disk || wanted === undefined || isIn(diskOf(disk.text).at, wanted)) return [];
    const why = 'volumes would be made on the disk below it, and be hidden as soon as it is mounted';
    const seen = `/etc/fstab mounts ${wanted}, but nothing is mounted there`;
    return [warning(subject, seen, why, `sudo mount ${wanted}`)];
  },
);

/** The registry is asked at this port of every machine. MicroK8s' own proxy may hold it. */
const port = machineCheck(
  'registry-port',
  (node, file) => (file.storage?.registry ? [listeningAsk(node)] : []),
  (subject, sockets) => {
    const program = listeningOn(sockets?.text ?? '', [String(REGISTRY_PORT)]).get(String(REGISTRY_PORT));
    if (program === undefined || program === 'kubelite') return [];
    const next = `see what it is (sudo ss -ltnp 'sport = :${REGISTRY_PORT}') and stop it, or leave storage.registry out`;
    return [error(subject, `port ${REGISTRY_PORT} is used by ${program}`, 'the registry needs that port', next)];
  },
);

export const storageChecks = [mount, port];
