import { STORAGE_CLASSES } from '../../../config/storage-classes.ts';
import { allReleases } from '../../../kubeflow/releases.ts';
import type { FaultValue } from '../../faults.ts';
import type { Command, CommandContext } from '../command.ts';
import { addNode } from './add-node.ts';
import { ALERT_WAYS } from './alertmanager.ts';
import { disable, enable } from './enable.ts';
import { releaseNames } from './helm/charts.ts';
import { helm } from './helm.ts';
import { join } from './join.ts';
import { kubectl } from './kubectl.ts';
import { leave, removeNode } from './leave.ts';
import { addons, config, dbctl, images, inspect, refreshCerts, reset, start, stop, version } from './lifecycle.ts';
import { status } from './status.ts';

const SUBCOMMANDS: Record<string, Command> = {
  'add-node': addNode,
  addons,
  config,
  dbctl,
  disable,
  enable,
  helm,
  helm3: helm,
  images,
  inspect,
  join,
  kubectl,
  leave,
  'refresh-certs': refreshCerts,
  'remove-node': removeNode,
  reset,
  start,
  status,
  stop,
  version,
};

/** `microk8s X`. */
const microk8s: Command = (context) => {
  const [name, ...args] = context.args;
  const command = name === undefined ? undefined : SUBCOMMANDS[name];
  if (command) return command(withArgs(context, args));
  if (name !== undefined) context.out(`'${name}' is not a valid MicroK8s subcommand.\n`);
  context.out(
    `Available subcommands are:\n${Object.keys(SUBCOMMANDS)
      .map((n) => `\t${n}\n`)
      .join('')}`,
  );
  return name === undefined ? 0 : 1;
};

/** The same context with other words. Delegated by hand: the original may be any kind of object. */
function withArgs(context: CommandContext, args: readonly string[]): CommandContext {
  const { rig, world, name, user, env, cwd, files } = context;
  return {
    ...{ rig, world, args, name, user, env, cwd, files },
    stdin: () => context.stdin(),
    out: (text) => context.out(text),
    err: (text) => context.err(text),
    now: () => context.now(),
    sleep: (seconds) => context.sleep(seconds),
    filesOf: (rigName) => context.filesOf(rigName),
    run: (argv, options) => context.run(argv, options),
    spawn: (argv, environment, done) => context.spawn(argv, environment, done),
    reboot: (afterS) => context.reboot(afterS),
    changed: () => context.changed(),
    next: () => context.next(),
  };
}

/** Every program of the snap by the name it has under /snap/bin (sheet 2). */
export const microk8sCommands: Record<string, Command> = {
  microk8s,
  ...Object.fromEntries(Object.entries(SUBCOMMANDS).map(([name, command]) => [`microk8s.${name}`, command])),
};

function stageNames(): readonly string[] {
  return [...new Set(allReleases().flatMap(({ stages }) => stages.map(({ name }) => name)))];
}

/**
 * Faults of `RigState.faults` that this part of the model knows. The first three happen once, the others last. `podfails`
 * may name a pod that was created by itself. With `operatorlies` the operator says that all is well, and the machine
 * offers no card.
 */
export const microk8sFaults: Readonly<Record<string, FaultValue>> = {
  joinlies: 'none',
  joinfails: 'none',
  helmfails: releaseNames,
  notready: 'none',
  dnsnever: 'none',
  imagepull: () => [...releaseNames(), ...stageNames()],
  podfails: 'any',
  claimpending: () => STORAGE_CLASSES,
  operatorlies: 'none',
  alertfails: () => ALERT_WAYS,
};
