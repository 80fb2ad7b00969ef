import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { HostError } from '../../src/transport/host.ts';
import { fingerprint } from '../../src/transport/host-keys.ts';
import { type KnownHostKeysOptions, knownHostKeys } from '../../src/transport/known-host-keys.ts';
import {
  addKnownHost,
  knownName,
  lookUp,
  parseKnownHosts,
  preferredAlgorithms,
} from '../../src/transport/known-hosts.ts';
import { type Prompts, turns } from '../../src/transport/prompts.ts';
import './clean.ts';
import { folder, hasProgram } from './fakes.ts';
import { makeKey, type TestKey } from './keys.ts';

const key = makeKey();
const other = makeKey();
const rsa = makeKey('rsa');

const words = (it: TestKey) => it.public.split(' ').slice(0, 2).join(' ');
const hashed = (name: string) => {
  const salt = Buffer.from('twenty bytes of salt');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};

/** hosts field, marker, host, port → what is known about `key`. */
const TABLE: [string, string, string, number, string][] = [
  ['rig1', '', 'rig1', 22, 'known'],
  ['rig1', '', 'rig2', 22, 'unknown'],
  ['RIG1', '', 'Rig1', 22, 'known'],
  ['rig1,10.0.0.1', '', '10.0.0.1', 22, 'known'],
  ['rig1', '', 'rig1', 2222, 'unknown'],
  ['[rig1]:2222', '', 'rig1', 2222, 'known'],
  ['[rig1]:2222', '', 'rig1', 22, 'unknown'],
  ['10.0.0.*', '', '10.0.0.7', 22, 'known'],
  ['10.0.0.*', '', '10x0.0.7', 22, 'unknown'],
  ['10.0.0.?', '', '10.0.0.77', 22, 'unknown'],
  ['*.lan,!bad.lan', '', 'good.lan', 22, 'known'],
  ['*.lan,!bad.lan', '', 'bad.lan', 22, 'unknown'],
  ['!bad.lan,*.lan', '', 'bad.lan', 22, 'unknown'],
  ['[*.lan]:2222', '', 'a.lan', 2222, 'known'],
  [hashed('rig1'), '', 'rig1', 22, 'known'],
  [hashed('rig1'), '', 'rig2', 22, 'unknown'],
  [hashed('[rig1]:2222'), '', 'rig1', 2222, 'known'],
  ['rig1', '@revoked ', 'rig1', 22, 'revoked'],
  ['rig1', '@cert-authority ', 'rig1', 22, 'unknown'],
  ['rig1', '@strange ', 'rig1', 22, 'unknown'],
  ['#rig1', '', 'rig1', 22, 'unknown'],
];

describe('known_hosts', () => {
  test.each(TABLE)('%s %sfor %s port %i: %s', (hosts, marker, host, port, outcome) => {
    const entries = parseKnownHosts(`\n# comment\n${marker}${hosts} ${words(key)} a comment\n`, 'f');
    expect(lookUp(entries, knownName(host, port), key.blob).outcome).toBe(outcome);
    if (outcome === 'known') expect(lookUp(entries, knownName(host, port), other.blob).outcome).toBe('changed');
  });

  test.runIf(hasProgram('ssh-keygen'))('agrees with ssh-keygen -F', () => {
    for (const [hosts, marker, host, port, outcome] of TABLE) {
      const file = join(folder(), 'known_hosts');
      writeFileSync(file, `${marker}${hosts} ${words(key)}\n`);
      const found = execFind(knownName(host, port), file);
      // ssh-keygen names revoked keys and authorities too, with their marker.
      expect(
        found.some((line) => !line.startsWith('@')),
        `${marker}${hosts} for ${host}:${port}`,
      ).toBe(outcome === 'known');
    }
  });

  test('a key that another line revokes is revoked', () => {
    const text = `rig1 ${words(key)}\n@revoked * ${words(key)}\n`;
    expect(lookUp(parseKnownHosts(text, 'f'), 'rig1', key.blob).outcome).toBe('revoked');
  });

  test('one of several keys is enough', () => {
    const text = `rig1 ${words(other)}\nrig1 ${words(rsa)}\nrig1 ${words(key)}\n`;
    expect(lookUp(parseKnownHosts(text, 'f'), 'rig1', key.blob).outcome).toBe('known');
  });

  test('known types are asked for first', () => {
    const entries = parseKnownHosts(`rig1 ${words(rsa)}\n@revoked rig1 ${words(key)}`, 'f');
    expect(preferredAlgorithms(entries, 'rig1')?.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(preferredAlgorithms(entries, 'rig2')).toBeUndefined();
  });

  test('a key is added on a line of its own, to a file that is private', async () => {
    const file = join(folder(), 'deep', 'known_hosts');
    await addKnownHost(file, 'rig1', key.blob);
    writeFileSync(file, readFileSync(file, 'utf8').trimEnd());
    await addKnownHost(file, '[rig2]:2222', rsa.blob);
    expect(readFileSync(file, 'utf8')).toBe(`rig1 ${words(key)}\n[rig2]:2222 ${words(rsa)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('the check of a host key', () => {
  let users: string;
  let own: string;
  let questions: string[];
  beforeEach(() => {
    const dir = folder();
    users = join(dir, 'users');
    own = join(dir, 'own');
    questions = [];
  });

  const person = (answer: boolean): Prompts => ({
    secret: async () => undefined,
    confirm: async (question) => {
      questions.push(question);
      return answer;
    },
  });

  const check = (who: Prompts | undefined, more: Partial<KnownHostKeysOptions> = {}) =>
    knownHostKeys({
      ...{ where: 'rig1 (10.0.0.1)', name: '10.0.0.1', files: [users], own, acceptNew: false, inTurn: turns(who) },
      ...more,
    });

  const failure = async (work: Promise<void>): Promise<HostError> => {
    const error = await work.then(
      () => undefined,
      (it) => it,
    );
    expect(error).toBeInstanceOf(HostError);
    expect(error.kind).toBe('host-key');
    return error;
  };

  test('passes what the user or we know, without a question', async () => {
    writeFileSync(users, `10.0.0.1 ${words(key)}\n`);
    await check(undefined).verify(key.blob);
    writeFileSync(users, '');
    writeFileSync(own, `10.0.0.1 ${words(key)}\n`);
    await check(undefined).verify(key.blob);
  });

  test('asks once at the first contact, and remembers the yes', async () => {
    const keys = check(person(true));
    await Promise.all([keys.verify(key.blob), keys.verify(key.blob)]);
    await check(undefined).verify(key.blob);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toContain(fingerprint(key.blob));
    expect(existsSync(users)).toBe(false);
  });

  test('a no is a no, and is not remembered', async () => {
    expect((await failure(check(person(false)).verify(key.blob))).problem.seen).toContain('was not accepted');
    expect(existsSync(own)).toBe(false);
  });

  test('nobody to ask: says how to go on', async () => {
    const { problem } = await failure(check(undefined).verify(key.blob));
    expect(problem.next.join('\n')).toContain('--accept-new-host-keys');
    expect(problem.next.join('\n')).toContain(`hostKey: '${fingerprint(key.blob)}'`);
  });

  test('--accept-new-host-keys takes new keys, never changed ones', async () => {
    await check(undefined, { acceptNew: true }).verify(key.blob);
    const { problem } = await failure(check(person(true), { acceptNew: true }).verify(other.blob));
    expect(problem.seen).toContain(fingerprint(key.blob));
    expect(problem.seen).toContain(fingerprint(other.blob));
    expect(problem.next.join('\n')).toContain(`ssh-keygen -R '10.0.0.1' -f '${own}'`);
    expect(questions).toEqual([]);
  });

  test('a change that the user’s file knows of wins over our file', async () => {
    writeFileSync(users, `10.0.0.1 ${words(other)}\n`);
    writeFileSync(own, `10.0.0.1 ${words(rsa)}\n`);
    expect((await failure(check(undefined).verify(key.blob))).problem.seen).toContain(users);
  });

  test('a revoked key is never taken', async () => {
    writeFileSync(users, `@revoked * ${words(key)}\n`);
    expect((await failure(check(person(true), { acceptNew: true }).verify(key.blob))).problem.seen).toContain(
      'revoked',
    );
  });
});

function execFind(name: string, file: string): string[] {
  try {
    return execFileSync('sh', ['-c', 'ssh-keygen -F "$0" -f "$1"', name, file], { stdio: 'pipe' })
      .toString()
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
  } catch {
    return [];
  }
}
