import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
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

function reported(error: unknown): { code: number; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = report(error, ['up', '--yes'], '1.2.3');
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
