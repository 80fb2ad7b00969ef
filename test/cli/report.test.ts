import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { report } from '../../src/cli/report.ts';
import { ExitCode, UserError } from '../../src/errors.ts';
import { secrets } from '../../src/redact.ts';
import { HostError } from '../../src/transport/host.ts';
import { freshWorld } from './world.ts';

const world = freshWorld();
const problem = {
  where: 'rig1',
  seen: 'no route to host',
  why: 'it is off',
  next: ['switch it on', 'or leave it out'],
};

function reported(error: unknown, args = ['up', '--yes']): { code: number; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = report(error, args, '1.2.3');
  return { code, text: write.mock.calls.map(([text]) => String(text)).join('') };
}

afterEach(() => vi.restoreAllMocks());

describe('an error that a user can cause', () => {
  test('has its own exit code and four parts', () => {
    const { code, text } = reported(new UserError([problem, problem], ExitCode.invalid));
    expect(code).toBe(3);
    expect(text.match(/error {2}rig1\n {4}seen {2}no route to host\n {4}why {3}it is off\n {4}next/g)).toHaveLength(2);
  });

  test('may come from a machine', () => {
    const { code, text } = reported(new HostError('unreachable', problem));
    expect(code).toBe(1);
    expect(text).toContain('no route to host');
  });
});

describe('what to type next', () => {
  const error = new UserError({ ...problem, next: ['mlk8s up --wipe-node rig2'] });
  beforeEach(() => {
    vi.stubEnv('npm_execpath', '');
    vi.stubEnv('npm_command', '');
  });

  test.each([
    [['up'], 'mlk8s up --wipe-node rig2'],
    [['up', '--rehearse', '--yes'], 'mlk8s up --rehearse --wipe-node rig2'],
    [['rehearsal', 'dump'], 'mlk8s up --rehearse --wipe-node rig2'],
    [['up', '--', '--rehearse'], 'mlk8s up --wipe-node rig2'],
  ])('after %j is %s', (args, wanted) => {
    expect(reported(error, args).text).toContain(` next  ${wanted}\n`);
  });

  test('starts with npx when the program was', () => {
    vi.stubEnv('npm_command', 'exec');
    expect(reported(error).text).toContain(' next  npx mlk8s up --wipe-node rig2\n');
  });
});

test('a fault of mlk8s is one line, and a file with the rest and no secret', () => {
  secrets.add('open sesame');
  const { code, text } = reported(new Error('cannot read open sesame'));
  expect(code).toBe(1);
  expect(text).toContain('unexpected error: Error: cannot read ***');
  expect(text).not.toContain('at ');
  const folder = join(world().folder, 'state', 'mlk8s', 'crashes');
  const [name = ''] = readdirSync(folder);
  expect(text).toContain(join(folder, name));
  const details = readFileSync(join(folder, name), 'utf8');
  expect(details).toMatch(/^mlk8s 1\.2\.3, Node v/);
  expect(details).toContain('report.test.ts');
  expect(details).not.toContain('sesame');
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});
