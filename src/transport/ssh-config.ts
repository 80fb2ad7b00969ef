import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostError } from './host.ts';
import { me } from './me.ts';

/** How ssh would reach a machine. */
export interface SshSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Identity files that the configuration names, without ssh's own defaults. */
  readonly identityFiles: readonly string[];
  readonly agent: string | undefined;
  readonly identitiesOnly: boolean;
  /** Jump hosts as `[user@]host[:port]`, nearest first. */
  readonly jumps: readonly string[];
  /** Set when a ProxyCommand is configured, which we do not run. */
  readonly proxyCommand: string | undefined;
  readonly knownHosts: readonly string[];
  /** The name to look for in them instead of host and port (HostKeyAlias). */
  readonly hostKeyAlias: string | undefined;
}

/** Another configuration or ssh than the user has. */
export interface SshConfigOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Configuration file instead of the user's and the system's. */
  readonly configFile?: string;
  /** The ssh binary. */
  readonly ssh?: string;
}

const USUAL = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Identity files that are tried when none is named. */
export function usualIdentityFiles(): string[] {
  return USUAL.map((name) => join(me().home, '.ssh', name));
}

/**
 * Settings for a machine that the user's ssh configuration may know by `name`, and that has `address`. A HostName for
 * the name wins over the address: the user reaches the machine by it, the other nodes need not.
 */
export async function sshSettings(name: string, address: string, options: SshConfigOptions = {}): Promise<SshSettings> {
  if (isUnconfigured(options)) return defaults(address, options.env);
  // Both at once: one would wait for the other on every connect, and nearly always both are needed.
  const asked = [ask(name, options), ...(name === address ? [] : [ask(address, options)])] as const;
  const [byName, byAddress] = await Promise.all(asked);
  if (!byAddress || (byName.host !== name.toLowerCase() && byName.host !== name)) return byName;
  const plain = defaults(address, options.env);
  // Either of the two may be what the user wrote a section for: what is not ssh's default was meant.
  const pick = <K extends keyof SshSettings>(key: K): SshSettings[K] =>
    String(byAddress[key]) === String(plain[key]) ? byName[key] : byAddress[key];
  return {
    host: byAddress.host,
    port: pick('port'),
    user: pick('user'),
    identityFiles: pick('identityFiles'),
    agent: pick('agent'),
    identitiesOnly: pick('identitiesOnly'),
    jumps: pick('jumps'),
    proxyCommand: pick('proxyCommand'),
    knownHosts: byAddress.knownHosts,
    hostKeyAlias: pick('hostKeyAlias'),
  };
}

/** What Debian and Ubuntu ship, which says nothing of how a machine is reached. */
const SHIPPED =
  /^\s*(#|$|Include\s+\/etc\/ssh\/ssh_config\.d\/\*\.conf\s*$|Host\s+\*\s*$|(SendEnv|HashKnownHosts|GSSAPI\w+)\s)/;
const SYSTEM = '/etc/ssh/ssh_config';

/**
 * Nobody has configured anything: then ssh need not be asked, which would take longer than all else that a machine costs
 * before its connection. The names of the files are parameters for tests.
 */
export function isUnconfigured(
  { configFile, ssh }: SshConfigOptions,
  user = join(me().home, '.ssh/config'),
  system = SYSTEM,
): boolean {
  if (configFile !== undefined || ssh !== undefined || existsSync(user)) return false;
  try {
    const more = `${system}.d`;
    const files = [system, ...(existsSync(more) ? readdirSync(more).map((name) => join(more, name)) : [])];
    const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    return lines.every((line) => SHIPPED.test(line));
  } catch {
    return false;
  }
}

/** What is true without any configuration. */
export function defaults(host: string, env: NodeJS.ProcessEnv = process.env): SshSettings {
  const { name, home } = me();
  return {
    host,
    port: 22,
    user: name,
    identityFiles: [],
    agent: env.SSH_AUTH_SOCK || undefined,
    identitiesOnly: false,
    jumps: [],
    proxyCommand: undefined,
    knownHosts: [
      join(home, '.ssh/known_hosts'),
      join(home, '.ssh/known_hosts2'),
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    hostKeyAlias: undefined,
  };
}

/** The parts of `[user@]host[:port]`, also as `ssh://` URI and with an IPv6 address in brackets. */
export function parseJump(text: string): { user?: string; host: string; port?: number } {
  const found = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(text.trim());
  const [, user, host = text.trim(), port] = found ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ''),
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  };
}

async function ask(
  host: string,
  { env = process.env, configFile, ssh = 'ssh' }: SshConfigOptions,
): Promise<SshSettings> {
  const file = configFile === undefined ? [] : ['-F', configFile];
  let text: string;
  try {
    // An option, not a shell: the name is one word whatever is in it.
    text = (await promisify(execFile)(ssh, [...file, '-G', '--', host], { env, timeout: 10_000 })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return defaults(host, env);
    const said = String((error as { stderr?: unknown }).stderr ?? '').trim();
    throw new HostError('unreachable', {
      where: configFile ?? '~/.ssh/config',
      seen: said || `ssh -G ${host} failed: ${(error as Error).message}`,
      why: 'ssh does not understand its configuration',
      next: [`correct the file until this works: ssh -G ${host}`],
    });
  }
  return parse(text, host, env);
}

function parse(text: string, asked: string, env: NodeJS.ProcessEnv): SshSettings {
  const lines = text.split('\n').map((line) => /^(\S+) (.*)$/.exec(line) ?? []);
  const all = (key: string) => lines.filter(([, name]) => name === key).map(([, , value]) => value ?? '');
  const one = (key: string) => all(key)[0];
  const plain = defaults(asked, env);
  const user = one('user') ?? plain.user;
  const host = one('hostname') ?? asked;
  const path = (value: string) => expand(value, { host, user });
  const jump = one('proxyjump');
  const command = one('proxycommand');
  const known = [one('userknownhostsfile'), one('globalknownhostsfile')];
  return {
    host,
    port: Number(one('port') ?? 22),
    user,
    identityFiles: namedFiles(all('identityfile')).map(path),
    agent: agentSocket(one('identityagent'), plain.agent, env, path),
    identitiesOnly: one('identitiesonly') === 'yes',
    jumps: jump === undefined || jump === 'none' ? [] : jump.split(','),
    proxyCommand: command === undefined || command === 'none' ? undefined : command,
    knownHosts: known.flatMap((it) => it?.split(/\s+/).filter((f) => f && f !== 'none') ?? []).map(path),
    hostKeyAlias: one('hostkeyalias'),
  };
}

function agentSocket(
  value: string | undefined,
  usual: string | undefined,
  env: NodeJS.ProcessEnv,
  path: (value: string) => string,
): string | undefined {
  if (value === undefined || value === 'SSH_AUTH_SOCK') return usual;
  if (value === 'none') return undefined;
  return value.startsWith('$') ? env[value.replace(/[${}]/g, '')] : path(value);
}

/** ssh lists all of its own defaults, and only when the configuration names no file at all. */
function namedFiles(files: readonly string[]): string[] {
  const names = new Set(files.map((file) => file.split('/').at(-1) ?? ''));
  return USUAL.every((name) => names.has(name)) ? [] : files.filter((file) => file !== 'none');
}

function expand(value: string, { host, user }: { host: string; user: string }): string {
  const known: Record<string, string> = { d: me().home, h: host, r: user, u: me().name, '%': '%' };
  const text = value.replace(/^"(.*)"$/, '$1').replace(/%([dhru%])/g, (all, token: string) => known[token] ?? all);
  return text.startsWith('~/') ? join(me().home, text.slice(2)) : text;
}
