import { commands, optionalCommands } from './commands.ts';
import type { Model } from './contract.ts';
import { microk8sFaults } from './microk8s/commands.ts';
import { reach } from './microk8s/reach.ts';
import { initialFiles, newRig } from './new-rig.ts';
import { boot } from './ubuntu/boot.ts';
import { ubuntuFaults } from './ubuntu/settle.ts';

/** Ubuntu machines with snapd and MicroK8s: what the host of a rehearsal runs. */
export const model: Model = {
  commands,
  optional: optionalCommands,
  faults: { ...ubuntuFaults, ...microk8sFaults },
  newRig,
  files: initialFiles,
  boot,
  reach,
};
