import { minorOf } from './daemons.ts';
import { apiUp } from './dqlite.ts';
import { guarded, PLEASE } from './preamble.ts';

/** helm of each track (sheet 1.1). */
const VERSIONS: Record<number, string> = {
  31: 'v3.14.4',
  32: 'v3.16.3',
  33: 'v3.17.2',
  34: 'v3.18.6',
  35: 'v3.19.2',
  36: 'v3.20.2',
};

/** `microk8s helm` and `helm3`: only what needs no chart. */
export const helm = guarded({ worker: { code: 0, advice: PLEASE }, stopped: { code: 1, stream: 'err' } }, (context) => {
  const [verb] = context.args;
  if (verb === 'version') {
    context.out(`${VERSIONS[minorOf(context)] ?? 'v3.19.2'}\n`);
    return 0;
  }
  if (!apiUp(context.rig, context.world, context.now())) {
    context.err(
      'Error: Kubernetes cluster unreachable: Get "https://127.0.0.1:16443/version": dial tcp 127.0.0.1:16443: connect: connection refused\n',
    );
    return 1;
  }
  context.err(`Error: unknown command "${verb ?? ''}" for "helm"\nRun 'helm --help' for usage.\n`);
  return 1;
});
