import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Declared, InventoryRecord, Kind, Recorded, Verdict } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { aptSource } from '../../src/resources/apt-source.ts';
import { debTool } from '../../src/resources/deb-tool.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { kinds } from '../../src/resources/index.ts';
import { jsonList } from '../../src/resources/json-list.ts';
import { releaseFolder } from '../../src/resources/release-folder.ts';
import { sh } from '../../src/shell/script.ts';
import { at, worldOf } from './world.ts';

const base = mkdtempSync(join(tmpdir(), 'mlk8s-tools-'));
const keys = join(base, 'keys');
let dir = base;
beforeEach(() => {
  dir = mkdtempSync(join(base, 'case-'));
  for (const name of ['bin', 'etc/apt/sources.list.d', 'opt', 'links']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'etc/os-release'), 'VERSION_CODENAME=noble\n');
  // What stands at an address: a file of its last word, in the folder of the test.
  program(
    'curl',
    `while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done; cp "${dir}/web/$(basename "$1")" "$out"`,
  );
  program('dpkg', 'echo amd64');
  program('dpkg-query', 'exit 1');
  mkdirSync(join(dir, 'web'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const placed: Placed = { id: 'devbox/it@rig1', on: { host: 'rig1' }, needs: [] };

/** A machine: /etc, /opt and the state of mlk8s lie in the folder of the test, and its user counts as root. */
function bash(script: string): { text: string; status: number; said: string } {
  const input = `set -o pipefail\n${script}`
    .replaceAll('/var/lib/mlk8s', `${dir}/state`)
    .replaceAll(/(?<![\w/.-])\/(etc|opt)\//g, `${dir}/$1/`);
  const env = { ...process.env, PATH: `${dir}/bin:/usr/bin:/bin`, INPUTS: join(dir, 'inputs'), LC_ALL: 'C.UTF-8' };
  const result = spawnSync('bash', [], { input, encoding: 'utf8', cwd: dir, env });
  const text = result.stdout.replaceAll(dir, '').replaceAll(userInfo().username, 'root');
  return { text, status: result.status ?? -1, said: result.stderr };
}

function program(name: string, body: string): void {
  writeFileSync(join(dir, 'bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}

/** One resource and its record. */
function story(it: Declared) {
  const records: InventoryRecord[] = [];
  const judge = (kind: Kind | undefined, about: Declared): Verdict => {
    if (!kind) throw new Error(it.kind);
    const answers = kind
      .asks(about)
      .map((ask): [string, Answer] => [at(ask.on, ask.key), { kind: 'bytes', cut: false, ...bash(ask.sh.bash) }]);
    const debts = existsSync(join(dir, 'state/debts')) ? readdirSync(join(dir, 'state/debts')) : [];
    return kind.judge(about, worldOf({ answers: new Map(answers), debts, records }));
  };
  const run = (verdict: Verdict): { status: number; said: string } => {
    if (verdict.verdict !== 'change') throw new Error(`nothing to do: ${JSON.stringify(verdict)}`);
    const [move] = verdict.moves;
    if (!move || !('run' in move)) throw new Error('no move');
    mkdirSync(join(dir, 'inputs'), { recursive: true });
    for (const [name, input] of Object.entries(move.inputs ?? {})) {
      if ('secret' in input) writeFileSync(join(dir, 'inputs', name), input.secret);
    }
    return bash(`set -eu\n${move.run.bash}`);
  };
  return {
    run,
    look: () => judge(kinds[it.kind], it),
    lookBack: () => judge(undoing(kinds)[it.kind], { ...it, ...records[0] } as Recorded),
    apply() {
      const { id, kind, on, spec } = it;
      const note = (state: 'pending' | 'done') =>
        records.splice(0, 1, { id, kind, on, spec, origin: 'created', state });
      const verdict = this.look();
      note('pending');
      const ended = run(verdict);
      if (ended.status === 0) note('done');
      return ended;
    },
    undo() {
      expect(run(this.lookBack()).status).toBe(0);
      expect(this.lookBack().verdict).toBe('ok');
    },
  };
}

const all = () =>
  readdirSync(dir, { recursive: true })
    .map(String)
    .filter((name) => /^(etc|opt|links)\/./.test(name));

describe('an archive with its key', () => {
  const prints: string[] = [];
  beforeAll(() => {
    mkdirSync(keys, { mode: 0o700 });
    const env = { ...process.env, GNUPGHOME: keys };
    const gpg = (...words: string[]) => spawnSync('gpg', ['--batch', ...words], { env, encoding: 'utf8' });
    for (const who of ['maker', 'stranger']) {
      gpg('--passphrase', '', '--quick-generate-key', `${who}@example.org`, 'ed25519', 'sign', 'never');
      const listed = gpg('--with-colons', '--list-keys', `${who}@example.org`).stdout;
      prints.push(/^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '');
      gpg('--armor', '--output', join(base, `${who}.asc`), '--export', `${who}@example.org`);
      gpg('--output', join(base, `${who}.gpg`), '--export', `${who}@example.org`);
    }
    gpg('--armor', '--output', join(base, 'both.asc'), '--export');
    const secret = ['--output', join(base, 'secret'), '--export-secret-keys', 'stranger@example.org'];
    gpg('--passphrase', '', '--pinentry-mode', 'loopback', ...secret);
    const read = (name: string) => readFileSync(join(base, name));
    writeFileSync(join(base, 'maker-and-secret'), Buffer.concat([read('maker.gpg'), read('secret')]));
    writeFileSync(join(base, 'maker-and-armour'), Buffer.concat([read('maker.gpg'), read('stranger.asc')]));
    expect(prints[0]).toMatch(/^[0-9A-F]{40}$/);
  });

  const source = () =>
    aptSource({
      ...placed,
      name: 'tool',
      uri: 'https://example.org/deb',
      suite: '{codename}',
      components: ['main'],
      architectures: ['amd64'],
      keyUrl: 'https://example.org/key',
      fingerprints: [prints[0] ?? ''],
      unless: { command: 'no-such-tool', packages: ['tool'], user: userInfo().username },
    });
  const serve = (file: string) => {
    writeFileSync(join(dir, 'web/key'), readFileSync(join(base, file)));
    writeFileSync(join(dir, 'web/Release'), 'Suite: noble\n');
  };
  const read = (path: string) => readFileSync(join(dir, path), 'utf8');
  const LIST = 'etc/apt/sources.list.d/mlk8s-tool.sources';

  it.each(['maker.asc', 'maker.gpg'])('is known to apt once the key in %s was looked at, and gone again', (file) => {
    serve(file);
    const it = story(source());
    expect(it.apply()).toMatchObject({ status: 0 });
    expect(it.look()).toMatchObject({ verdict: 'ok' });
    expect(read(LIST)).toMatch(/^Suites: noble\nComponents: main\nArchitectures: amd64$/m);
    expect(statSync(join(dir, 'etc/apt/keyrings/mlk8s-tool.gpg')).mode & 0o777).toBe(0o644);
    const shown = spawnSync('gpg', ['--show-keys', join(dir, 'etc/apt/keyrings/mlk8s-tool.gpg')], { encoding: 'utf8' });
    expect(shown.stdout).toContain(prints[0]);
    it.undo();
    expect(all().toSorted()).toEqual(['etc/apt', 'etc/apt/sources.list.d', 'etc/os-release']);
  });

  it.each(['stranger.asc', 'both.asc'])('trusts nothing when %s is served', (file) => {
    serve(file);
    const it = story(source());
    const { status, said } = it.apply();
    expect(status).not.toBe(0);
    expect(said).toContain(`its fingerprint should be ${prints[0]}, and is ${prints[1]}`);
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it.each(['secret', 'armour'])('trusts nothing when another key is hidden behind the right one, as %s', (how) => {
    serve(`maker-and-${how}`);
    expect(story(source()).apply().status).not.toBe(0);
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it('trusts nothing when a page is served, and says when there is nothing for this Ubuntu', () => {
    serve('maker.asc');
    writeFileSync(join(dir, 'web/key'), '<html>log in</html>');
    expect(story(source()).apply()).toMatchObject({
      said: expect.stringContaining('https://example.org/key is no key'),
    });
    rmSync(join(dir, 'web/Release'));
    const { said } = story(source()).apply();
    expect(said).toContain('it may have nothing for this release of Ubuntu');
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it('is put right when its key or its line was changed, and left to a file of somebody else', () => {
    serve('maker.asc');
    const it = story(source());
    it.apply();
    writeFileSync(join(dir, 'etc/apt/keyrings/mlk8s-tool.gpg'), readFileSync(join(base, 'stranger.gpg')));
    expect(it.look()).toMatchObject({
      verdict: 'change',
      because: '/etc/apt/keyrings/mlk8s-tool.gpg has another content',
    });
    it.apply();
    writeFileSync(join(dir, LIST), read(LIST).replace('Components: main', 'Components: main evil'));
    expect(it.look()).toMatchObject({ verdict: 'change', because: `/${LIST} has another content` });
    it.apply();
    expect(it.look().verdict).toBe('ok');
    writeFileSync(
      join(dir, 'etc/apt/sources.list.d/own.list'),
      'deb [signed-by=/usr/x.gpg] https://example.org/deb noble main\n',
    );
    expect(it.apply()).toMatchObject({ status: 0 });
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
    expect(it.look()).toMatchObject({ verdict: 'ok', because: expect.stringContaining('own.list') });
  });
});

describe('what apt knows already', () => {
  const source = () =>
    aptSource({
      ...placed,
      ...{ name: 'tool', uri: 'https://example.org/deb', suite: 'stable', components: ['main'] },
      ...{ architectures: ['amd64'], keyUrl: 'https://example.org/key', fingerprints: ['0'.repeat(40)] },
      unless: { command: 'no-such-tool', packages: ['tool'], user: userInfo().username },
    });
  const line = (uri: string) => `deb [signed-by=/x.gpg] ${uri} stable main\n`;

  it.each([
    ['own.list', line('https://example.org/deb')],
    ['own.list', line('https://example.org/deb/')],
    ['own.sources', 'Types: deb\nURIs: https://example.org/deb\nSuites: stable\n'],
  ])('is the archive when %s says %j', (name, text) => {
    writeFileSync(join(dir, 'etc/apt/sources.list.d', name), text);
    expect(story(source()).look()).toMatchObject({ verdict: 'ok', because: expect.stringContaining(name) });
  });

  it.each([
    ['own.list.save', line('https://example.org/deb')],
    ['own.list', `# ${line('https://example.org/deb')}`],
    ['own.list', line('https://example.org/deb-nightly')],
  ])('is not the archive when %s says %j', (name, text) => {
    writeFileSync(join(dir, 'etc/apt/sources.list.d', name), text);
    expect(story(source()).look()).toMatchObject({ verdict: 'change' });
  });
});

describe('a program of a package', () => {
  const docker = () => debTool({ ...placed, command: 'dock', packages: ['dock-ce'], user: userInfo().username });

  it('is left to who has taken another one since', () => {
    program('apt-get', 'exit 0');
    const it = story(docker());
    expect(it.apply().status).toBe(0);
    program('dock', 'true');
    expect(it.look()).toEqual({ verdict: 'ok', because: 'dock was there before mlk8s: /bin/dock' });
    program('dpkg-query', 'echo "deb dock-ce iU "');
    expect(it.look()).toMatchObject({ verdict: 'change', because: 'not installed: dock-ce' });
  });
});

describe('a word in a list of a JSON file', () => {
  const told = () => (existsSync(join(dir, 'told')) ? readFileSync(join(dir, 'told'), 'utf8') : '');
  const list = () =>
    jsonList({
      ...placed,
      path: '/etc/docker/daemon.json',
      key: 'insecure-registries',
      words: ['registry.local:32000'],
      afterwards: { does: 'tell', run: sh`echo told >>${join(dir, 'told')}` },
    });
  const FILE = 'etc/docker/daemon.json';
  const write = (text: string) => {
    mkdirSync(join(dir, 'etc/docker'), { recursive: true });
    writeFileSync(join(dir, FILE), text);
  };

  it('comes into a file of its own and goes with it', () => {
    const it = story(list());
    it.apply();
    expect(JSON.parse(readFileSync(join(dir, FILE), 'utf8'))).toEqual({
      'insecure-registries': ['registry.local:32000'],
    });
    expect(it.look().verdict).toBe('ok');
    it.undo();
    expect(existsSync(join(dir, 'etc/docker'))).toBe(false);
    expect(told()).toBe('told\ntold\n');
  });

  it('comes beside what is there, whose bytes, mode and words come back', () => {
    const before = '{\n\t"log-driver":   "local",\n\t"insecure-registries": ["a:1"]\n}';
    write(before);
    chmodSync(join(dir, FILE), 0o640);
    const it = story(list());
    it.apply();
    expect(JSON.parse(readFileSync(join(dir, FILE), 'utf8'))).toEqual({
      'log-driver': 'local',
      'insecure-registries': ['a:1', 'registry.local:32000'],
    });
    expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o640);
    it.undo();
    expect(readFileSync(join(dir, FILE), 'utf8')).toBe(before);
    expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o640);
  });

  it('does not come when something else wrote the file since it was looked at', () => {
    const it = story(list());
    const seen = it.look();
    write('{"a": 1}');
    expect(it.run(seen)).toMatchObject({ said: expect.stringContaining('was changed meanwhile by something else') });
    expect(readFileSync(join(dir, FILE), 'utf8')).toBe('{"a": 1}');
    expect(told()).toBe('');
  });

  it('goes alone when somebody changed the file since', () => {
    write('{"a": 1}');
    const it = story(list());
    it.apply();
    write(JSON.stringify({ a: 2, 'insecure-registries': ['registry.local:32000', 'b:2'] }));
    it.undo();
    expect(JSON.parse(readFileSync(join(dir, FILE), 'utf8'))).toEqual({ a: 2, 'insecure-registries': ['b:2'] });
  });

  it('that was there before is not taken out', () => {
    write('{"insecure-registries": ["registry.local:32000"]}');
    expect(story(list()).look().verdict).toBe('ok');
  });
});

describe('a program that comes as a folder', () => {
  const folder = (sha256: string) =>
    releaseFolder({
      ...placed,
      ...{ tool: 'lamp', version: '1.0', into: '/opt/lamp', sandbox: 'sandbox' },
      files: { amd64: { url: 'https://example.org/lamp.tar.gz', sha256 } },
      link: join(dir, 'links/lamp'),
      user: userInfo().username,
    });
  const pack = (): string => {
    mkdirSync(join(dir, 'pack/lamp-1.0'), { recursive: true });
    for (const name of ['lamp', 'sandbox']) {
      writeFileSync(join(dir, 'pack/lamp-1.0', name), '#!/bin/sh\necho lit\n', { mode: 0o755 });
    }
    spawnSync('tar', ['-czf', join(dir, 'web/lamp.tar.gz'), '-C', join(dir, 'pack'), 'lamp-1.0']);
    return spawnSync('sha256sum', [join(dir, 'web/lamp.tar.gz')], { encoding: 'utf8' }).stdout.slice(0, 64);
  };
  beforeEach(() => program('chown', 'true'));

  it('is unpacked after a look at its checksum, put right when broken, and gone again', () => {
    const it = story(folder(pack()));
    expect(it.look()).toMatchObject({ verdict: 'change', because: 'there is no lamp' });
    expect(it.apply()).toMatchObject({ status: 0 });
    expect(it.look().verdict).toBe('ok');
    expect(spawnSync(join(dir, 'links/lamp'), { encoding: 'utf8' }).stdout).toBe('lit\n');
    expect(statSync(join(dir, 'opt/lamp/sandbox')).mode & 0o7777).toBe(0o4755);
    rmSync(join(dir, 'opt/lamp/lamp'));
    expect(it.look()).toMatchObject({ verdict: 'change', because: '/opt/lamp/lamp is missing' });
    it.apply();
    chmodSync(join(dir, 'opt/lamp/sandbox'), 0o755);
    it.apply();
    expect(it.look().verdict).toBe('ok');
    it.undo();
    expect(all().filter((name) => /^(opt|links)\//.test(name))).toEqual([]);
  });

  it('is not unpacked when the file is another one', () => {
    pack();
    const { status, said } = story(folder('0'.repeat(64))).apply();
    expect(status).not.toBe(0);
    expect(said).toContain('is not the file that was released');
    expect(existsSync(join(dir, 'opt/lamp'))).toBe(false);
  });

  it('is left to who put one there after it could not be fetched', () => {
    pack();
    const it = story(folder('0'.repeat(64)));
    it.apply();
    mkdirSync(join(dir, 'opt/lamp'));
    expect(it.look()).toEqual({ verdict: 'ok', because: 'lamp was there before mlk8s: /opt/lamp' });
  });
});
