import type { CommandContext } from '../command.ts';
import { parseOptions } from './options.ts';
import { guarded, PLEASE } from './preamble.ts';
import { clusterOf } from './site.ts';
import { certificateCheck, makeToken } from './tokens.ts';

const SPEC = { '-t': 'token=', '--token': 'token=', '-l': 'ttl=', '--token-ttl': 'ttl=', '--format': 'format=' };
const FORMATS = ['pretty', 'short', 'token', 'token-check', 'json', 'yaml'];
const USAGE =
  'usage: microk8s add-node [-h] [--token-ttl TOKEN_TTL] [--token TOKEN] [--format {pretty,short,token,token-check,json,yaml}]\n';

/** `microk8s add-node` (sheet 2.2). The API is not asked: the token is a file of this node. */
export const addNode = guarded(
  { worker: { code: 1, advice: PLEASE }, stopped: { code: 1, stream: 'err' } },
  async (context) => {
    if (context.args.some((arg) => arg.includes('help'))) {
      context.out(USAGE);
      return 0;
    }
    const { flags, words, unknown } = parseOptions(context.args, SPEC);
    const format = String(flags.format ?? 'pretty');
    const ttl = Number(flags.ttl ?? -1);
    if (unknown !== undefined || words.length > 0 || !FORMATS.includes(format) || !Number.isInteger(ttl)) {
      context.err(`${USAGE}microk8s add-node: error: unrecognized arguments: ${unknown ?? words.join(' ')}\n`);
      return 2;
    }
    const given = typeof flags.token === 'string' ? flags.token : undefined;
    if (given !== undefined && given.length < 32) {
      context.out('Invalid token size.  It must be 32 characters long.\n');
      return 1;
    }
    await context.sleep(1);
    const token = given ?? makeToken(() => context.next());
    remember(context, token, ttl);
    context.out(print(context, format, token));
    return 0;
  },
);

function remember(context: CommandContext, token: string, ttl: number): void {
  const cluster = clusterOf(context.rig, context.world);
  const expires = ttl === -1 ? null : context.now() + ttl * 1000;
  cluster?.tokens.push({ token, ttl, expires, rig: context.rig.name });
  context.changed();
}

function print(context: CommandContext, format: string, token: string): string {
  const check = certificateCheck(context.files);
  const url = `${context.rig.address}:25000/${token}/${check}`;
  switch (format) {
    case 'token':
      return `${token}\n`;
    case 'token-check':
      return `${token}/${check}\n`;
    case 'short':
      return `microk8s join ${url}\n`;
    case 'json':
      return `${JSON.stringify({ token: `${token}/${check}`, urls: [url] }, null, 4)}\n`;
    case 'yaml':
      return `token: ${token}/${check}\nurls:\n- ${url}\n`;
    default:
      return [
        'From the node you wish to join to this cluster, run the following:',
        `microk8s join ${url}`,
        '',
        "Use the '--worker' flag to join a node as a worker not running the control plane, eg:",
        `microk8s join ${url} --worker`,
        '',
        'If the node you are adding is not reachable through the default interface you can use one of the following:',
        `microk8s join ${url}`,
        '',
      ].join('\n');
  }
}
