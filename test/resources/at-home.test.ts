import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Declared, InventoryRecord, Kind, Recorded, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { gitIdentity } from '../../src/resources/git-identity.ts';
import { homeBlock } from '../../src/resources/home-block.ts';
import { kinds } from '../../src/resources/index.ts';
import { homeKubeconfig } from '../../src/resources/kubeconfig.ts';
import { miniforge } from '../../src/resources/miniforge.ts';
import { releaseFile } from '../../src/resources/release-file.ts';
import { vscodeExtensions } from '../../src/resources/vscode-extensions.ts';
import { at, worldOf } from './world.ts';

const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mlk8s-home-'));
let dir = base;
beforeEach(() => {
  dir = mkdtempSync(join(base, 'case-'));
  for (const folder of ['bin', 'home']) mkdirSync(join(dir, folder));
  program('getent', `[ "$2" = anna ] && echo "anna:x:1000:1000::${dir}/home:/bin/bash"`);
  program('dpkg', 'echo amd64');
  // Becomes nobody else: who runs the test has one account.
  program('runuser', 'shift 3; exec "$@"');
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const placed: Placed = { id: 'devbox/it@rig1', on: { host: 'rig1' }, needs: [] };
const home = (...path: string[]) => join(dir, 'home', ...path);

/** A program of the machine, before those of this computer. */
function program(name: string, body: string): void {
  writeFileSync(join(dir, 'bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}

/** `commands`: it is cut off after so many of them. */
function bash(script: string, strict: boolean, commands?: number): { text: string; status: number } {
  const cut = commands === undefined ? '' : `n=0; trap 'n=$((n + 1)); [ $n -le ${commands} ] || exit 99' DEBUG\n`;
  const here = script
    .replaceAll('/var/lib/mlk8s', `${dir}/state`)
    .replaceAll('PATH="/usr/local/sbin:', `PATH="${dir}/bin:`);
  const env = { ...process.env, PATH: `${dir}/bin:/usr/bin:/bin`, LC_ALL: 'C.UTF-8' };
  const options = { input: `${cut}${here}`, encoding: 'utf8' as const, cwd: dir, env };
  const result = spawnSync('bash', strict ? ['-euo', 'pipefail'] : [], options);
  if (strict && result.status !== 0 && result.status !== 99) throw new Error(result.stderr);
  return { text: result.stdout, status: result.status ?? -1 };
}

/** One resource and its record, as in test/resources/undo.test.ts. */
function story(it: Declared) {
  const records: InventoryRecord[] = [];
  const judge = (kind: Kind | undefined, of: Declared): Verdict => {
    if (!kind) throw new Error(of.kind);
    const told = kind
      .asks(of)
      .map((ask): [string, Answer] => [
        at(ask.on, ask.key),
        { kind: 'bytes', cut: false, ...bash(ask.sh.bash, false) },
      ]);
    return kind.judge(of, worldOf({ answers: new Map(told), records }));
  };
  const run = (verdict: Verdict, commands?: number): number => {
    if (verdict.verdict !== 'change') throw new Error(`nothing to do: ${JSON.stringify(verdict)}`);
    return verdict.moves.reduce((_, move) => ('run' in move ? bash(move.run.bash, true, commands).status : 0), 0);
  };
  const note = (state: 'pending' | 'done') => {
    const { id, kind, on, spec } = it;
    records.splice(0, 1, { id, kind, on, spec, origin: 'created', state });
  };
  return {
    look: () => judge(kinds[it.kind], it),
    /** Returns whether it came to its end. */
    apply(commands?: number): boolean {
      const verdict = judge(kinds[it.kind], it);
      note('pending');
      const isDone = run(verdict, commands) === 0;
      if (isDone) note('done');
      return isDone;
    },
    lookBack: () => judge(undoing(kinds)[it.kind], { ...it, ...records[0] } as Recorded),
    undo() {
      run(judge(undoing(kinds)[it.kind], { ...it, ...records[0] } as Recorded));
    },
  };
}

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
  writeFileSync(join(dir, 'served'), content);
  program('curl', `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then cp ${dir}/served "$2"; fi; shift; done`);
  return sum(content);
}

describe('programs of a release', () => {
  function uv(sha256?: string) {
    mkdirSync(join(dir, 'made/uv-x'), { recursive: true });
    for (const name of ['uv', 'uvx']) writeFileSync(join(dir, 'made/uv-x', name), `#!/bin/sh\necho ${name}\n`);
    writeFileSync(join(dir, 'made/uv-x/README'), 'not wanted\n');
    spawnSync('tar', ['-czf', join(dir, 'uv.tar.gz'), '-C', join(dir, 'made'), 'uv-x']);
    const archive = readFileSync(join(dir, 'uv.tar.gz'));
    program('curl', `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then cp ${dir}/uv.tar.gz "$2"; fi; shift; done`);
    const right = createHash('sha256').update(archive).digest('hex');
    const files = { amd64: { url: 'https://example.com/uv.tar.gz', sha256: sha256 ?? right, folder: 'uv-x' } };
    return releaseFile({
      ...placed,
      ...{ tool: 'uv', version: '1.0', files, programs: ['uv', 'uvx'], user: 'anna' },
      into: join(dir, 'into'),
    });
  }
  const installed = () => readdirSync(join(dir, 'into')).sort();

  it('are there, and nothing else of the archive, and go again', () => {
    const { look, apply, undo, lookBack } = story(uv());
    expect(because(look())).toBe('there is no uv');
    apply();
    expect(look().verdict).toBe('ok');
    expect(installed()).toEqual(['uv', 'uvx']);
    expect(statSync(join(dir, 'into/uv')).mode & 0o777).toBe(0o755);
    expect(spawnSync(join(dir, 'into/uvx')).stdout.toString()).toBe('uvx\n');
    undo();
    expect(installed()).toEqual([]);
    expect(lookBack()).toEqual({ verdict: 'ok', because: 'there is no uv of mlk8s' });
    expect(existsSync(join(dir, 'state/releases'))).toBe(false);
  });

  it('are put right when one is changed, missing or cannot be run, and stay when they were changed', () => {
    const { look, apply, lookBack } = story(uv());
    apply();
    chmodSync(join(dir, 'into/uv'), 0o644);
    expect(because(look())).toBe(`${dir}/into/uv was changed`);
    apply();
    rmSync(join(dir, 'into/uvx'));
    expect(because(look())).toBe(`${dir}/into/uvx is missing`);
    apply();
    writeFileSync(join(dir, 'into/uv'), 'another\n');
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
      for (const folder of ['into', 'state']) rmSync(join(dir, folder), { recursive: true, force: true });
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
mkdir -p "$prefix/bin" "$prefix/envs"
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
    expect(because(look())).toBe('anna has it already: ~anna/miniforge3/bin/conda');
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
    expect(because(story(conda()).look())).toBe(`anna has it already: ${home('miniconda3/bin/conda')}`);
  });
});

describe('extensions of VS Code', () => {
  const wanted = () => vscodeExtensions({ ...placed, user: 'anna', extensions: ['ms-python.python', 'a.b'] });
  beforeEach(() => {
    program(
      'code',
      `list=$HOME/list; touch $list
case $1 in
  --list-extensions) cat $list ;;
  --install-extension) echo "$2@1.0.0" >>$list ;;
  --uninstall-extension) sed -i "/^$2@/d" $list ;;
esac`,
    );
  });

  it('come and go, and those that were there before stay', () => {
    writeFileSync(home('list'), 'A.B@0.9.0\nother.one@1.0.0\n');
    const { look, apply, undo } = story(wanted());
    apply();
    expect(readFileSync(home('list'), 'utf8')).toBe('A.B@0.9.0\nother.one@1.0.0\nms-python.python@1.0.0\n');
    expect(look().verdict).toBe('ok');
    undo();
    expect(readFileSync(home('list'), 'utf8')).toBe('A.B@0.9.0\nother.one@1.0.0\n');
  });

  it('are not forgotten when the program does not say what is there', () => {
    const { apply, lookBack } = story(wanted());
    apply();
    program('code', 'exit 1');
    expect(lookBack().verdict).toBe('refused');
  });
});
