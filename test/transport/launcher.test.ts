import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { frame, launcher, remoteLauncher, STARTED } from '../../src/shell/launcher.ts';
import './clean.ts';
import { folder, rootEnv, type SudoMode, type SudoWorld, sudoWorld } from './fakes.ts';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the launcher as sshd does: by a login shell, with this standard input. */
function launch(input: string, env: NodeJS.ProcessEnv, shell = 'sh', keepOpen = false): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(`/bin/${shell}`, ['-c', remoteLauncher('root')], { env });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.on('data', (chunk) => out.push(String(chunk)));
    child.stderr.on('data', (chunk) => err.push(String(chunk)));
    child.stdin.on('error', () => {});
    child.stdin.write(input);
    if (!keepOpen) child.stdin.end();
    child.on('close', (code) => {
      child.stdin.destroy();
      resolve({ code, stdout: out.join(''), stderr: err.join('') });
    });
  });
}

const asRoot = (script: string, talks = false) => frame(script, { rights: 'root', talks });
const payload = (password: string, script: string) => `${password}\n${asRoot(script)}`;

describe('the text', () => {
  test('keeps to what all login shells read alike', () => {
    expect(remoteLauncher('root')).toMatch(/^sh -c '[^'\n!]+'$/);
    expect(remoteLauncher('root')).not.toMatch(/\\['\\]/);
    expect(remoteLauncher('user')).toMatch(/^sh -c '[^'\n!]+'$/);
  });
});

describe('the frame', () => {
  test('gives bash a known environment', async () => {
    const env = { ...rootEnv(), BASH_ENV: '/nowhere', ENV: '/nowhere', LANG: 'de_DE.UTF-8', HOME: '/tmp' };
    const { stdout } = await launch(payload('', 'echo "$HOME|$LC_ALL|$PATH|$PWD|${BASH_ENV-}|$(umask)"'), env);
    expect(stdout).toBe(
      `${STARTED}/root|C.UTF-8|/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin|/||0022\n`,
    );
  });

  test('runs nothing of a script that was cut off anywhere', async () => {
    const file = join(folder(), 'ran');
    const whole = payload('', `touch ${file}\n${'echo filler\n'.repeat(5)}echo end`);
    const begin = whole.indexOf('{ :');
    for (let length = begin; length <= whole.lastIndexOf('}'); length += 6) {
      await launch(whole.slice(0, length), rootEnv());
      expect(existsSync(file), `cut after ${length} bytes`).toBe(false);
    }
    await launch(whole, rootEnv());
    expect(existsSync(file)).toBe(true);
  });

  test('runs nothing of a script with a syntax error, and says so', async () => {
    const file = join(folder(), 'ran');
    const { code, stderr } = await launch(payload('', `touch ${file}\nif then`), rootEnv());
    expect(code).toBe(2);
    expect(stderr).toContain('syntax error');
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ['an empty script', '', 0],
    ['a comment only', '# nothing', 0],
    ['a comment at the end', 'false # no', 1],
    ['a here document at the end', 'cat <<END\ntext\nEND', 0],
    ['exit in the middle', 'exit 7\ntrue', 7],
    ['errexit', 'set -e\nfalse\ntrue', 1],
    ['a trap', "trap 'exit 9' EXIT\ntrue", 9],
    ['a function that returns', 'f() { return 4; }; f', 4],
  ])('keeps the status of %s', async (_, script, code) => {
    expect((await launch(payload('', script), rootEnv())).code).toBe(code);
  });

  test('gives commands no standard input, so that none eats the script', async () => {
    const { stdout } = await launch(payload('', 'cat\nread -r x || echo none\necho end'), rootEnv());
    expect(stdout).toBe(`${STARTED}none\nend\n`);
  });

  test('lets a talking script read what follows, and never runs it', async () => {
    const file = join(folder(), 'ran');
    const input = `\n${asRoot('read -r line; echo "got $line"', true)}hello\ntouch ${file}\n`;
    expect((await launch(input, rootEnv())).stdout).toBe(`${STARTED}got hello\n`);
    expect(existsSync(file)).toBe(false);
  });
});

describe('taking root', () => {
  const SUCCESS = `${STARTED}uid 0\neof\n`;

  /** PATH of the frame hides the fake `id` and `sudo`: what bash was started by is seen in FAKE_UID. */
  const script = 'echo "uid ${FAKE_UID-1000}"; read -r x || echo eof';
  const via = (world: SudoWorld, password: string, keepOpen = false) =>
    launch(payload(password, script), world.env, 'sh', keepOpen);

  test('needs no sudo as root', async () => {
    expect((await launch(payload('not needed', script), rootEnv())).stdout).toBe(SUCCESS);
  });

  test.each<SudoMode>(['nopasswd', 'cached'])(
    '%s: goes without a password and leaves the given one unread',
    async (mode) => {
      const world = sudoWorld(mode);
      for (const password of ['', 'touch oops', 'pa ss\\w0rd']) {
        expect((await via(world, password)).stdout).toBe(SUCCESS);
      }
      expect(world.log().filter((line) => line.startsWith('read'))).toEqual([]);
    },
  );

  test('a right password is read by sudo, once a run, and by nobody else', async () => {
    const world = sudoWorld('password');
    const { code, stdout, stderr } = await via(world, 'pa ss\\w0rd');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: SUCCESS, stderr: '' });
    expect(world.log()).toEqual([
      'run -n -- bash -c :',
      'run -k -S -p  -- bash -c :',
      'read pa ss\\w0rd',
      'run -k -S -p  -- bash --norc --noprofile -s',
      'read pa ss\\w0rd',
    ]);
  });

  test('credentials that are cached between the two runs do not make bash run the password', async () => {
    const file = join(folder(), 'ran');
    const world = sudoWorld('password', `touch ${file}`);
    expect((await via(world, `touch ${file}`)).stdout).toBe(SUCCESS);
    expect(existsSync(file)).toBe(false);
  });

  test('a wrong password is one attempt, and no line of the script reaches sudo', async () => {
    const world = sudoWorld('password');
    const { code, stdout, stderr } = await via(world, 'wrong');
    expect({ code, stdout }).toEqual({ code: 97, stdout: '' });
    expect(stderr).toContain('1 incorrect password attempt');
    expect(world.log().filter((line) => line.startsWith('read'))).toEqual(['read wrong']);
  });

  test('no password: says that one is wanted', async () => {
    const world = sudoWorld('password');
    const { code, stderr } = await via(world, '', true);
    expect({ code, stderr }).toEqual({ code: 96, stderr: 'sudo: a password is required\n' });
    expect(world.log()).toHaveLength(1);
  });

  test('a user who is not in sudoers is told so in the words of sudo', async () => {
    const { code, stderr } = await via(sudoWorld('denied'), 'pa ss\\w0rd');
    expect({ code, stderr }).toEqual({ code: 97, stderr: 'ada is not in the sudoers file.\n' });
  });

  test('no sudo', async () => {
    expect((await via(sudoWorld('none'), 'x')).code).toBe(98);
  });

  test('ends with the script even when standard input stays open', async () => {
    const { stdout } = await launch(
      `pa ss\\w0rd\n${asRoot('echo "uid ${FAKE_UID-1000}"; read -r x; echo "$x"', true)}line\n`,
      sudoWorld('password').env,
      'sh',
      true,
    );
    expect(stdout).toBe(`${STARTED}uid 0\nline\n`);
  });

  test('a `p` of the login environment does not take the password to the children', async () => {
    const world = sudoWorld('password');
    const { stdout } = await launch(payload('pa ss\\w0rd', 'echo "${p-unset}"'), { ...world.env, p: 'x' });
    expect(stdout).toBe(`${STARTED}unset\n`);
  });

  const shells = ['bash', 'dash', 'zsh', 'fish', 'csh'].filter((shell) => existsSync(`/bin/${shell}`));

  test.each(shells)('works under %s as the login shell', async (shell) => {
    const { stdout } = await launch(payload('pa ss\\w0rd', script), sudoWorld('password').env, shell);
    expect(stdout).toBe(SUCCESS);
  });

  test('the user launcher takes no root', () => {
    expect(launcher('user')).not.toContain('sudo');
  });
});
