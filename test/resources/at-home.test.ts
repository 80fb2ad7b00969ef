import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/engine/types.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { gitIdentity } from '../../src/resources/git-identity.ts';
import { homeBlock } from '../../src/resources/home-block.ts';
import { homeKubeconfig } from '../../src/resources/kubeconfig.ts';
import { miniforge } from '../../src/resources/miniforge.ts';
import { releaseFile } from '../../src/resources/release-file.ts';
import { vscodeExtensions } from '../../src/resources/vscode-extensions.ts';
import { machine } from './machine.ts';

const { inside, program, story } = machine();
beforeEach(() => {
  mkdirSync(inside('home'));
  program('getent', `[ "$2" = anna ] && echo "anna:x:1000:1000::${inside()}/home:/bin/bash"`);
  program('dpkg', 'echo amd64');
  // Becomes nobody else: who runs the test has one account.
  program('runuser', 'shift 3; exec "$@"');
});

const placed: Placed = { id: 'devbox/it@rig1', on: { host: 'rig1' }, needs: [] };
const home = (...path: string[]) => inside('home', ...path);

const because = (verdict: Verdict) => ('because' in verdict ? verdict.because : verdict.problem.seen);

describe('a block in a file of a home', () => {
  const title = () => homeBlock({ ...placed, user: 'anna', path: '.bashrc', name: 'title', lines: ['title() { :; }'] });

  it('comes and goes, byte for byte, and a link stays a link', () => {
    mkdirSync(home('dotfiles'));
    writeFileSync(home('dotfiles/bashrc'), 'mine\nno end', { mode: 0o640 });
    symlinkSync('dotfiles/bashrc', home('.bashrc'));
    const { look, apply, undo } = story(title());
    apply();
    expect(look().verdict).toBe('ok');
    expect(readFileSync(home('.bashrc'), 'utf8')).toBe(
      '# BEGIN mlk8s title\ntitle() { :; }\n# END mlk8s title\nmine\nno end',
    );
    undo();
    expect(readFileSync(home('dotfiles/bashrc'), 'utf8')).toBe('mine\nno end');
    expect(lstatSync(home('.bashrc')).isSymbolicLink()).toBe(true);
    expect(statSync(home('dotfiles/bashrc')).mode & 0o777).toBe(0o640);
    expect(readdirSync(home('dotfiles'))).toEqual(['bashrc']);
  });

  it('takes a file that was made for it away again', () => {
    const { apply, undo } = story(title());
    apply();
    undo();
    expect(readdirSync(home())).toEqual([]);
  });

  it('comes to the same end when it is stopped after any command', () => {
    for (let commands = 1; ; commands++) {
      rmSync(home('.bashrc'), { force: true });
      writeFileSync(home('.bashrc'), 'mine\n');
      const { look, apply } = story(title());
      const isDone = apply(commands);
      if (look().verdict === 'change') apply();
      expect(readFileSync(home('.bashrc'), 'utf8')).toBe(
        '# BEGIN mlk8s title\ntitle() { :; }\n# END mlk8s title\nmine\n',
      );
      expect(readdirSync(home())).toEqual(['.bashrc']);
      if (isDone) break;
    }
  });

  it('is refused for an account that is not there', () => {
    const { look } = story(homeBlock({ ...placed, user: 'nobody-at-all', path: '.bashrc', lines: ['x'] }));
    expect(because(look())).toBe('there is no account nobody-at-all on this machine');
  });
});

describe('a kubeconfig in a home', () => {
  it('is refused for an account that is not there, and nothing is left of it then', () => {
    const { look, lookBack } = story(
      homeKubeconfig({ ...placed, user: 'nobody-at-all', context: 'lab', planes: ['10.0.0.1'] }),
    );
    expect(because(look())).toBe('there is no account nobody-at-all on this machine');
    expect(lookBack()).toEqual({ verdict: 'ok', because: 'there is no account nobody-at-all' });
  });
});

describe('who commits', () => {
  const anna = (email = 'anna@example.com') => gitIdentity({ ...placed, user: 'anna', name: `Anna "A" $(x)`, email });
  beforeEach(() => {
    // What the tests need of git: they also run where there is none.
    program(
      'git',
      `file=$HOME/.gitconfig; touch "$file"
for key; do case $key in user.*) break ;; esac; done
case "$*" in
  *--get*) grep -q "^$key=" "$file" && sed -n "s/^$key=//p" "$file" ;;
  *--unset*) sed -i "/^$key=/d" "$file" ;;
  *) sed -i "/^$key=/d" "$file"; printf '%s=%s\\n' "$key" "\${!#}" >>"$file" ;;
esac`,
    );
  });
  const config = () => readFileSync(home('.gitconfig'), 'utf8');

  it('is told where git knows nobody, and forgotten again', () => {
    const { look, apply, undo } = story(anna());
    rmSync(home('.gitconfig'), { force: true });
    apply();
    expect(config()).toBe('user.name=Anna "A" $(x)\nuser.email=anna@example.com\n');
    expect(look().verdict).toBe('ok');
    undo();
    expect(config()).toBe('');
  });

  it("is the user's own where that is set, before and after", () => {
    writeFileSync(home('.gitconfig'), 'user.email=mine@example.com\n');
    const { look, apply, undo } = story(anna());
    apply();
    expect(config()).toBe('user.email=mine@example.com\nuser.name=Anna "A" $(x)\n');
    expect(look()).toMatchObject({ verdict: 'ok', shown: true });
    undo();
    expect(config()).toBe('user.email=mine@example.com\n');
  });

  it('changes with the file, as long as nobody else changed it', () => {
    story(anna('old@example.com')).apply();
    expect(because(story(anna()).look())).toContain('user.email');
    story(anna()).apply();
    expect(config()).toContain('user.email=anna@example.com');
    writeFileSync(home('.gitconfig'), 'user.email=mine@example.com\nuser.name=Anna "A" $(x)\n');
    expect(story(anna()).look().verdict).toBe('ok');
  });
});

const sum = (content: string) => createHash('sha256').update(content).digest('hex');

/** Serves a file under any address. */
function serve(content: string): string {
  writeFileSync(inside('served'), content);
  program('curl', `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then cp ${inside()}/served "$2"; fi; shift; done`);
  return sum(content);
}

describe('programs of a release', () => {
  function uv(sha256?: string) {
    mkdirSync(inside('made/uv-x'), { recursive: true });
    for (const name of ['uv', 'uvx']) writeFileSync(inside('made/uv-x', name), `#!/bin/sh\necho ${name}\n`);
    writeFileSync(inside('made/uv-x/README'), 'not wanted\n');
    spawnSync('tar', ['-czf', inside('uv.tar.gz'), '-C', inside('made'), 'uv-x']);
    const archive = readFileSync(inside('uv.tar.gz'));
    program('curl', `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then cp ${inside()}/uv.tar.gz "$2"; fi; shift; done`);
    const right = createHash('sha256').update(archive).digest('hex');
    const files = { amd64: { url: 'https://example.com/uv.tar.gz', sha256: sha256 ?? right, folder: 'uv-x' } };
    return releaseFile({
      ...placed,
      ...{ tool: 'uv', version: '1.0', files, programs: ['uv', 'uvx'], user: 'anna' },
      into: inside('into'),
    });
  }
  const installed = () => readdirSync(inside('into')).sort();

  it('are there, and nothing else of the archive, and go again', () => {
    const { look, apply, undo, lookBack } = story(uv());
    expect(because(look())).toBe('there is no uv');
    apply();
    expect(look().verdict).toBe('ok');
    expect(installed()).toEqual(['uv', 'uvx']);
    expect(statSync(inside('into/uv')).mode & 0o777).toBe(0o755);
    expect(spawnSync(inside('into/uvx')).stdout.toString()).toBe('uvx\n');
    undo();
    expect(installed()).toEqual([]);
    expect(lookBack()).toEqual({ verdict: 'ok', because: 'there is no uv of mlk8s' });
    expect(existsSync(inside('state/releases'))).toBe(false);
  });

  it('are put right when one is changed, missing or cannot be run, and stay when they were changed', () => {
    const { look, apply, lookBack } = story(uv());
    apply();
    chmodSync(inside('into/uv'), 0o644);
    expect(because(look())).toBe(`${inside()}/into/uv was changed`);
    apply();
    rmSync(inside('into/uvx'));
    expect(because(look())).toBe(`${inside()}/into/uvx is missing`);
    apply();
    writeFileSync(inside('into/uv'), 'another\n');
    expect(lookBack()).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('leave nothing when the file is not the one that was released', () => {
    const { apply } = story(uv('0'.repeat(64)));
    expect(() => apply()).toThrow('https://example.com/uv.tar.gz is not the file that was released');
    expect(installed()).toEqual([]);
  });

  it('leave nothing when the line breaks', () => {
    const it = story(uv());
    program('curl', `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then echo half >"$2"; fi; shift; done; exit 18`);
    expect(() => it.apply()).toThrow();
    expect(installed()).toEqual([]);
  });

  it('come to the same end when it is stopped after any command', () => {
    let stops = 0;
    for (let isDone = false; !isDone; stops++) {
      for (const folder of ['into', 'state']) rmSync(inside(folder), { recursive: true, force: true });
      const { look, apply } = story(uv());
      isDone = apply(stops + 1);
      if (look().verdict === 'change') apply();
      expect(look().verdict).toBe('ok');
      expect(installed()).toEqual(['uv', 'uvx']);
    }
    expect(stops).toBeGreaterThan(10);
  });

  it('are left to who has one of them already', () => {
    mkdirSync(home('.local/bin'), { recursive: true });
    writeFileSync(home('.local/bin/uvx'), '#!/bin/sh\n', { mode: 0o755 });
    expect(because(story(uv()).look())).toBe(`uv was there before mlk8s: ${home('.local/bin/uvx')}`);
  });
});

describe('conda in a home', () => {
  const installer = `while getopts bup: option; do [ "$option" = p ] && prefix=$OPTARG; done
mkdir -p "$prefix/bin" "$prefix/envs" "$prefix/conda-meta" "$prefix/lib/python3.13/site-packages/pip-25.dist-info"
touch "$prefix/conda-meta/history" "$prefix/conda-meta/python-3.13.1-h_0.json"
printf '#!/bin/sh\\n' >"$prefix/bin/conda"
chmod 755 "$prefix/bin/conda"
`;
  const conda = () => {
    const files = { amd64: { url: 'https://example.com/Miniforge3.sh', sha256: serve(installer) } };
    return miniforge({ ...placed, user: 'anna', version: '1.0-0', files });
  };

  it('comes and goes', () => {
    const { look, apply, undo } = story(conda());
    apply();
    expect(look().verdict).toBe('ok');
    expect(readdirSync(home())).toEqual(['miniforge3']);
    undo();
    expect(readdirSync(home())).toEqual([]);
  });

  it('stays when somebody made an environment in it', () => {
    const { apply, lookBack } = story(conda());
    apply();
    mkdirSync(home('miniforge3/envs/work'));
    expect(lookBack()).toMatchObject({ verdict: 'ok', stays: true, because: expect.stringContaining('work') });
  });

  it.each([
    ['conda', 'conda-meta/numpy-2.1.0-py313_0.json', 'numpy-2.1.0-py313_0'],
    ['pip', 'lib/python3.13/site-packages/numpy-2.1.0.dist-info', 'numpy-2.1.0'],
  ])('stays when somebody installed into its base with %s, also after it was mended', (_, path, name) => {
    const { look, apply, lookBack } = story(conda());
    apply();
    writeFileSync(home('miniforge3', path), '');
    const because = `~anna/miniforge3 has packages that came later: ${name}`;
    expect(lookBack()).toEqual({ verdict: 'ok', stays: true, because });
    rmSync(home('miniforge3/bin/conda'));
    apply();
    expect(look().verdict).toBe('ok');
    expect(lookBack()).toEqual({ verdict: 'ok', stays: true, because });
  });

  it('stays when nobody noted what came with it', () => {
    const { apply, lookBack } = story(conda());
    apply();
    writeFileSync(home('miniforge3/.mlk8s'), '1.0-0\n');
    expect(lookBack()).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('is installed over what an interruption left, and environments are kept', () => {
    const { look, apply } = story(conda());
    apply();
    mkdirSync(home('miniforge3/envs/work'));
    rmSync(home('miniforge3/bin/conda'));
    expect(because(look())).toBe('~anna/miniforge3 is not whole');
    apply();
    expect(look().verdict).toBe('ok');
    expect(existsSync(home('miniforge3/envs/work'))).toBe(true);
  });

  it('is left to who has installed it anew by hand', () => {
    const { look, apply, lookBack } = story(conda());
    apply();
    rmSync(home('miniforge3'), { recursive: true });
    mkdirSync(home('miniforge3/bin'), { recursive: true });
    writeFileSync(home('miniforge3/bin/conda'), '', { mode: 0o755 });
    expect(because(look())).toBe('conda was there before mlk8s: ~anna/miniforge3/bin/conda');
    expect(lookBack()).toMatchObject({ verdict: 'ok', stays: true });
  });

  it('is installed over what an interruption left without its mark', () => {
    const { look, apply } = story(conda());
    apply(1);
    mkdirSync(home('miniforge3/bin'), { recursive: true });
    writeFileSync(home('miniforge3/bin/conda'), '', { mode: 0o755 });
    expect(because(look())).toBe('~anna/miniforge3 is not whole');
    apply();
    expect(look()).toEqual({ verdict: 'ok', because: 'conda is in ~anna/miniforge3' });
  });

  it('is left to who has one already, and a folder that is something else is not touched', () => {
    mkdirSync(home('miniforge3'));
    expect(story(conda()).look().verdict).toBe('refused');
    mkdirSync(home('miniconda3/bin'), { recursive: true });
    writeFileSync(home('miniconda3/bin/conda'), '', { mode: 0o755 });
    expect(because(story(conda()).look())).toBe(`conda was there before mlk8s: ${home('miniconda3/bin/conda')}`);
  });

  it('has a block in .bashrc, which who has another one already does not get', () => {
    const block = { user: 'anna', path: '.bashrc', name: 'conda', lines: ['x'], ofConda: placed.id };
    const { look } = story(homeBlock({ ...placed, ...block, id: 'devbox/conda@rig1' }));
    expect(because(look())).toBe('~anna/.bashrc has no block of mlk8s');
    mkdirSync(home('miniconda3/bin'), { recursive: true });
    writeFileSync(home('miniconda3/bin/conda'), '', { mode: 0o755 });
    expect(look()).toEqual({ verdict: 'ok', because: `anna has another conda: ${home('miniconda3/bin/conda')}` });
    mkdirSync(home('miniforge3/bin'), { recursive: true });
    writeFileSync(home('miniforge3/bin/conda'), '', { mode: 0o755 });
    expect(look().verdict).toBe('change');
  });
});

describe('extensions of VS Code', () => {
  const wanted = () => vscodeExtensions({ ...placed, user: 'anna', extensions: ['ms-python.python', 'a.b'] });
  const folder = (...path: string[]) => home('.vscode/extensions', ...path);
  const have = (...extensions: string[]) => {
    mkdirSync(folder(), { recursive: true });
    for (const extension of extensions) mkdirSync(folder(extension.replace('@', '-')), { recursive: true });
    const list = extensions.map((extension) => {
      const [id, version] = extension.split('@');
      return { identifier: { id }, version, relativeLocation: `${id}-${version}` };
    });
    writeFileSync(folder('extensions.json'), JSON.stringify(list));
  };
  /** What the program code would be told, one call a line. */
  const told = () => (existsSync(home('told')) ? readFileSync(home('told'), 'utf8') : '');
  beforeEach(() => program('code', 'echo "$*" >>$HOME/told'));

  it('come and go, and those that were there before stay', () => {
    have('A.B@0.9.0', 'other.one@1.0.0');
    const { look, apply, lookBack } = story(wanted());
    apply();
    expect(told()).toBe('--install-extension ms-python.python --force\n');
    have('A.B@0.9.0', 'other.one@1.0.0', 'ms-python.python@1.0.0');
    expect(look().verdict).toBe('ok');
    expect(lookBack()).toMatchObject({ verdict: 'change', moves: [{ does: 'remove ms-python.python' }] });
    have('A.B@0.9.0', 'other.one@1.0.0');
    expect(lookBack().verdict).toBe('ok');
  });

  it('are looked for without starting anything, and without leaving anything', () => {
    expect(story(wanted()).look().verdict).toBe('change');
    expect([told(), existsSync(home('.vscode'))]).toEqual(['', false]);
  });

  it('are not forgotten when the list of them is damaged', () => {
    const { apply, lookBack } = story(wanted());
    apply();
    have();
    writeFileSync(folder('extensions.json'), '[{');
    expect(lookBack().verdict).toBe('refused');
  });
});
