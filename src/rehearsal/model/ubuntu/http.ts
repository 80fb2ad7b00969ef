import type { Command, CommandContext } from '../command.ts';
import { throughIngress } from '../microk8s/entrance.ts';
import { fail, parseOptions, withOptions } from './arguments.ts';
import { internetStatus, isInternetAddress, resolve } from './names-data.ts';
import { listeners } from './network-data.ts';
import { releaseBody } from './releases.ts';
import { fault } from './site.ts';
import { bodyOf } from './third-party.ts';

type Answer = { status: number } | { failed: 'resolve' | 'connect' | 'trust'; host: string; port: number };

interface Wish {
  readonly url: URL;
  /** `--resolve`: host, port and addresses, the first that lets in counts. */
  readonly pinned?: string | undefined;
  /** Text of `--cacert`. */
  readonly authority?: string | undefined;
  readonly insecure?: boolean;
}

/** Asks a server: one of the internet, a name that the ingress of a machine serves, or a port of the model's machines. */
function ask(context: CommandContext, wish: Wish): Answer {
  const { url, pinned = '' } = wish;
  const host = url.hostname;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const [name, at, addresses = ''] = pinned.split(':');
  const isPinned = name === host && Number(at) === port;
  const address = isPinned ? addresses.split(',')[0] : host === 'localhost' ? '127.0.0.1' : resolve(context, host);
  if (address === undefined) return { failed: 'resolve', host, port };
  if (host === 'api.snapcraft.io' && fault(context, 'nostore') !== undefined) return { failed: 'connect', host, port };
  if (isInternetAddress(address)) return { status: internetStatus(host) ?? 404 };
  const served = byIngress(context, wish, isPinned ? addresses.split(',') : [address]);
  if (served) return served;
  const isLocal = address.startsWith('127.') || address === context.rig.address;
  const rig = isLocal ? context.rig : Object.values(context.world.rigs).find((r) => r.address === address);
  const open =
    rig && listeners(rig, context.now()).some((l) => l.port === port && (isLocal || !l.address.startsWith('127.')));
  return open ? { status: 401 } : { failed: 'connect', host, port };
}

/** What the ingress on the first of these addresses that has one answers. */
function byIngress(context: CommandContext, wish: Wish, addresses: readonly string[]): Answer | undefined {
  const { url, authority = '', insecure = false } = wish;
  if (url.port !== '') return undefined;
  const host = url.hostname;
  const [served] = addresses.flatMap((address) => throughIngress(context, address, host) ?? []);
  if (!served) return undefined;
  const isTrusted = served.authority !== '' && served.authority.trim() === authority.trim();
  const isFine = url.protocol === 'http:' || insecure || isTrusted;
  return isFine ? { status: served.status } : { failed: 'trust', host, port: 443 };
}

const CURL = {
  flags: [
    '-f|--fail',
    '-s|--silent',
    '-S|--show-error',
    '-L|--location',
    '-k|--insecure',
    '-I|--head',
    '-v|--verbose',
    '-g|--globoff',
    '-4|--ipv4',
    '-O|--remote-name',
    '--compressed',
    '--retry-connrefused',
    '--retry-all-errors',
    '--no-progress-meter',
  ],
  values: [
    '-o|--output',
    '-w|--write-out',
    '-m|--max-time',
    '-X|--request',
    '-H|--header',
    '-d|--data',
    '--connect-timeout',
    '--retry',
    '--retry-delay',
    '--retry-max-time',
    '-u|--user',
    '-A|--user-agent',
    '--cacert',
    '--resolve',
    '--proto',
    '--tlsv1.2',
  ],
};

/** curl 8.5: 6 no such host, 7 nobody there, 22 an HTTP error with `-f`, 60 signed by somebody unknown. Bodies are empty, but for a few (third-party.ts). */
export const curl: Command = async (context) => {
  const options = parseOptions(context.args, CURL);
  if (options.problem) {
    const { option, missingValue } = options.problem;
    const said = missingValue ? 'requires parameter' : 'is unknown';
    return fail(
      context,
      `curl: option ${option}: ${said}\ncurl: try 'curl --help' or 'curl --manual' for more information`,
      2,
    );
  }
  const [word] = options.operands;
  if (word === undefined) return fail(context, "curl: try 'curl --help' or 'curl --manual' for more information", 2);
  const url = parseUrl(word);
  const say = (text: string) => {
    if (!options.has('--silent') || options.has('--show-error')) context.err(`${text}\n`);
  };
  if (!url) {
    say('curl: (3) URL rejected: Malformed input to a URL function');
    return 3;
  }
  await context.sleep(0.3);
  const file = options.value('--cacert');
  const answer = ask(context, {
    url,
    pinned: options.value('--resolve'),
    authority: file === undefined ? undefined : context.files.read(at(context, file)),
    insecure: options.has('--insecure'),
  });
  const status = 'status' in answer ? answer.status : 0;
  const format = options.value('--write-out')?.replaceAll('\\n', '\n');
  const code = String(status).padStart(3, '0');
  if (options.has('--head') && status) context.out(`HTTP/2 ${status} \r\n\r\n`);
  const output = options.value('--output');
  if (status && status < 400 && output !== undefined && output !== '/dev/null')
    context.files.write(at(context, output), releaseBody(url) ?? bodyOf(context, url));
  const [exit, why] = 'failed' in answer ? failureOf(answer) : [0, ''];
  if (exit !== 0) say(`curl: (${exit}) ${why}`);
  context.out(format?.replaceAll(/%\{(http_code|response_code)\}/g, code) ?? '');
  if (exit !== 0) return exit;
  if (!options.has('--fail') || status < 400) return 0;
  say(`curl: (22) The requested URL returned error: ${status}`);
  return 22;
};

function failureOf({ failed, host, port }: Extract<Answer, { failed: string }>): [code: number, why: string] {
  if (failed === 'resolve') return [6, `Could not resolve host: ${host}`];
  if (failed === 'trust') return [60, 'SSL certificate problem: unable to get local issuer certificate'];
  return [7, `Failed to connect to ${host} port ${port} after 1 ms: Couldn't connect to server`];
}

/** wget 1.21: 4 network failure, 8 the server says no. */
export const wget: Command = withOptions(
  {
    flags: [
      '-q|--quiet',
      '--spider',
      '-nv|--no-verbose',
      '--no-check-certificate',
      '-N|--timestamping',
      '-c|--continue',
    ],
    values: ['-O|--output-document', '-T|--timeout', '-t|--tries', '-P|--directory-prefix'],
  },
  async (context, options) => {
    const url = parseUrl(options.operands[0] ?? '');
    if (!url) return fail(context, 'wget: missing URL\nUsage: wget [OPTION]... [URL]...', 1);
    const say = (text: string) => {
      if (!options.has('--quiet')) context.err(`${text}\n`);
    };
    await context.sleep(0.3);
    const answer = ask(context, { url });
    if ('failed' in answer) {
      const isName = answer.failed === 'resolve';
      say(
        isName
          ? `wget: unable to resolve host address ‘${answer.host}’`
          : `Connecting to ${answer.host}:${answer.port}... failed: Connection refused.`,
      );
      return 4;
    }
    if (answer.status >= 400) {
      say(`ERROR ${answer.status}.`);
      return answer.status === 401 ? 6 : 8;
    }
    const name = options.value('--output-document') ?? (url.pathname.split('/').at(-1) || 'index.html');
    if (!options.has('--spider') && name !== '-' && name !== '/dev/null') context.files.write(at(context, name), '');
    return 0;
  },
  2,
);

function parseUrl(word: string): URL | undefined {
  try {
    return word === '' ? undefined : new URL(/^[a-z]+:\/\//.test(word) ? word : `http://${word}`);
  } catch {
    return undefined;
  }
}

function at(context: CommandContext, path: string): string {
  return path.startsWith('/') ? path : `${context.cwd}/${path}`;
}
