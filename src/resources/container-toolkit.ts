import type { Ask, Declared, Kind, Move, Verdict, World } from '../engine/types.ts';
import { cardsAsk } from '../gpu/cards.ts';
import { lines, sh } from '../shell/script.ts';
import { judged, ownHost, refused, unread } from './answers.ts';
import { APT_DEADLINE_S, aptInstall } from './apt.ts';
import type { Placed } from './declare.ts';
import { cardsUnknown } from './gpu-cards.ts';
import { usableCards } from './gpu-operands.ts';
import { SNAP_DATA } from './kube.ts';
import { stays } from './stays.ts';
import { unfinished, writeFile } from './write.ts';

/**
 * NVIDIA's container toolkit is installed on a machine with an NVIDIA card, so that containerd's runtime
 * nvidia-container-runtime works. MicroK8s' template has that runtime already: its file is left alone. facts:
 * gpu-and-nodes sheet, 2.
 */
export type ContainerToolkitSpec = Record<string, never>;

export function containerToolkit(at: Placed): Declared<ContainerToolkitSpec> {
  return { kind: 'container-toolkit', ...at, spec: {} };
}

export const containerToolkitKind: Kind<ContainerToolkitSpec> = {
  kind: 'container-toolkit',
  asks: (it) => [cardsAsk(ownHost(it)), toolkitAsk(ownHost(it))],
  judge,
  undo: () => stays(`packages are never removed: ${DEB}`),
};

const DEB = 'nvidia-container-toolkit';
const REPOSITORY = 'https://nvidia.github.io/libnvidia-container';
/** With line breaks and dashes, as it is served: apt takes such a key by its ending. */
const KEY = '/etc/apt/keyrings/nvidia-container-toolkit.asc';
const LIST = '/etc/apt/sources.list.d/nvidia-container-toolkit.list';

/** Name of the runtime in MicroK8s' template, and of the program that it starts. */
export const TOOLKIT_HANDLER = 'nvidia-container-runtime';

function toolkitAsk(host: string): Ask {
  const template = `${SNAP_DATA}/args/containerd-template.toml`;
  const script = sh`
    if [ ! -e ${template} ]; then echo 'template none'
    elif grep -q ${TOOLKIT_HANDLER} ${template}; then echo 'template good'
    else echo 'template without'; fi
    dpkg-query -W -f 'deb \${db:Status-Abbrev} \${Version}\n' ${DEB}
    true
  `;
  return { key: 'NVIDIA container toolkit', on: { host }, sh: script, timeoutS: 20 };
}

function judge(it: Declared<ContainerToolkitSpec>, world: World): Verdict {
  const host = ownHost(it);
  return judged(it, world, [cardsAsk(host), toolkitAsk(host)], (_, { text }) => {
    const cards = usableCards(world, host);
    if (cards === undefined) return cardsUnknown(it.id);
    if (cards === 0) return { verdict: 'ok', because: `${host} has no NVIDIA card` };
    const [, template] = /^template (.*)$/m.exec(text) ?? [];
    if (template === undefined) return unread(it.id, `${DEB} on ${host}`);
    if (template === 'without') return noHandler(it, host);
    const [, version] = /^deb [ih]i +(\S+)$/m.exec(text) ?? [];
    if (version !== undefined) return { verdict: 'ok', because: `${DEB} ${version} is installed` };
    const because = `${host} has an NVIDIA card, and ${DEB} is not installed`;
    return { verdict: 'change', because, moves: [install(it)] };
  });
}

function noHandler(it: Declared<ContainerToolkitSpec>, host: string): Verdict {
  return refused(
    it.id,
    `containerd-template.toml of MicroK8s on ${host} has no runtime ${TOOLKIT_HANDLER}`,
    'somebody replaced that file: MicroK8s brings it with that runtime',
    `give the file its own text again: ${SNAP_DATA}/args/containerd-template.toml`,
    'or let the operator set up containerd: gpu: { mode: operator }',
  );
}

/** curl is one of the packages that the step node installs. The key is looked at: an error page is no key. */
function install({ on }: Declared<ContainerToolkitSpec>): Move {
  const run = lines(
    sh`
      mkdir -p -- /etc/apt/keyrings
      curl -fsSL --retry 3 -o ${unfinished(KEY)} ${`${REPOSITORY}/gpgkey`}
      grep -q 'BEGIN PGP PUBLIC KEY BLOCK' ${unfinished(KEY)}
      chmod 644 ${unfinished(KEY)}
      mv -fT -- ${unfinished(KEY)} ${KEY}
    `,
    writeFile(LIST, `deb [signed-by=${KEY}] ${REPOSITORY}/stable/deb/$(ARCH) /\n`, '644'),
    aptInstall(sh`${DEB}`),
  );
  return { does: `install ${DEB} from NVIDIA's own archive`, on, run, deadlineS: APT_DEADLINE_S };
}
