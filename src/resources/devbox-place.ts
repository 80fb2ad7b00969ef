import { devboxBeside } from '../config/machines.ts';
import { remoteParts, WORKSTATION } from '../config/rules-devbox.ts';
import type { Ask, Declared, Kind, Recorded, Verdict, World } from '../engine/types.ts';
import { sh } from '../shell/script.ts';
import { judged } from './answers.ts';
import type { Placed } from './declare.ts';
import { gone, stays } from './stays.ts';

/**
 * Which computer beside the cluster is its devbox, noted on the workstation: when the file names another one or none, the
 * tools and the kubeconfig there are still to be taken back. The record itself is the note.
 */
export type DevboxPlaceSpec = {
  /** As `devbox.host` has it. */
  readonly host: string;
  readonly user: string;
};

export function devboxPlace({ id, needs, ...spec }: Omit<Placed, 'on'> & DevboxPlaceSpec): Declared<DevboxPlaceSpec> {
  return { kind: 'devbox-place', id, on: 'workstation', needs, spec };
}

export const devboxPlaceKind: Kind<DevboxPlaceSpec> = {
  kind: 'devbox-place',
  asks,
  judge,
  undo,
  lives: 'workstation',
};

/** The records of the workstation are read only where something is asked there. */
function asks(): Ask[] {
  return [{ key: 'devbox', on: 'workstation', sh: sh`true`, timeoutS: 10 }];
}

function judge(it: Declared<DevboxPlaceSpec>, world: World): Verdict {
  return judged(it, world, asks(), () => {
    const { host } = it.spec;
    if (world.record(it.id)?.state === 'done') return { verdict: 'ok', because: `${host} is noted as the devbox` };
    const moves = [{ does: `note that ${host} is the devbox`, on: it.on, run: sh`true`, deadlineS: 30 }];
    return { verdict: 'change', because: `it is not noted yet that ${host} is the devbox`, moves };
  });
}

/** One that the file still means is taken back in the same run, and so is one that became a machine of the cluster. */
function undo({ id, on, spec: { host, user } }: Recorded<DevboxPlaceSpec>, world: World): Verdict {
  const { file } = world;
  if (!world.record(id)) return gone(`nothing is noted of ${host}`);
  const address = remoteParts(host)?.address;
  const isMember = file.nodes.some((node) => node.address === address);
  if (isMember || (devboxBeside(file) && file.devbox?.host === host)) {
    const moves = [{ does: `forget that ${host} is the devbox`, on, run: sh`true`, deadlineS: 30 }];
    return {
      verdict: 'change',
      because: isMember ? `${address} is a machine of the cluster` : 'it is taken back',
      moves,
    };
  }
  const rights = host === WORKSTATION ? '' : `, with a kubeconfig that may do everything in ${file.name}`;
  const section = `devbox: { host: ${host}, user: ${user} }`;
  return stays(
    `${host} still has what mlk8s put there for ${user}${rights}; to take it back, write ${section} into the file once more and type: mlk8s reset --host devbox`,
  );
}
