import { RehearsalServer } from './host-process.ts';
import type { Model } from './model/contract.ts';
import { buildId } from './paths.ts';

const IDLE_MS = 10 * 60_000;
const SCALE = 100;

/** What the server's process does: its arguments are the state folder and the cluster's name. Ends the process. */
export async function serve(model: Model, argv: readonly string[]): Promise<never> {
  const [, program = '', dir = '', cluster = ''] = argv;
  const scale = Number(process.env.MLK8S_REHEARSAL_SCALE) || SCALE;
  const server = await RehearsalServer.start({ dir, cluster, model, scale, idleMs: IDLE_MS, build: buildId(program) });
  process.on('SIGTERM', () => void server.stop());
  process.on('SIGINT', () => void server.stop());
  // A bug in one simulated command must not switch all machines off.
  process.on('uncaughtException', (error) => server.log(`uncaught: ${error.stack}`));
  process.on('unhandledRejection', (error) => server.log(`unhandled: ${error instanceof Error ? error.stack : error}`));
  await server.ended;
  process.exit(0);
}
