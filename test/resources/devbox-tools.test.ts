import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Declared } from '../../src/engine/types.ts';
import { undoing } from '../../src/engine/undo.ts';
import { aptSource } from '../../src/resources/apt-source.ts';
import { debTool } from '../../src/resources/deb-tool.ts';
import type { Placed } from '../../src/resources/declare.ts';
import { kinds } from '../../src/resources/index.ts';
import { jsonList } from '../../src/resources/json-list.ts';
import { releaseFolder } from '../../src/resources/release-folder.ts';
import { sh } from '../../src/shell/script.ts';
import { machine } from './machine.ts';

const { inside, program, judge, run, story, files } = machine(['etc', 'opt']);
beforeEach(() => {
  for (const name of ['etc/apt/sources.list.d', 'opt', 'links', 'web']) mkdirSync(inside(name), { recursive: true });
  writeFileSync(inside('etc/os-release'), 'VERSION_CODENAME=noble\n');
  // What stands at an address: a file of its last word, in the folder of the test.
  program(
    'curl',
    `while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done; cp "${inside()}/web/$(basename "$1")" "$out"`,
  );
  program('dpkg', 'echo amd64');
  program('dpkg-query', 'exit 1');
});

const placed: Placed = { id: 'devbox/it@rig1', on: { host: 'rig1' }, needs: [] };

/** Files and folders of the machine that are there or not because of mlk8s. */
const all = () => files().filter((name) => /^(etc|opt|links)\/./.test(name));

describe('an archive with its key', () => {
  const prints: string[] = [];
  const base = mkdtempSync(join(tmpdir(), 'mlk8s-keys-'));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  beforeAll(() => {
    const env = { ...process.env, GNUPGHOME: base };
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
    writeFileSync(inside('web/key'), readFileSync(join(base, file)));
    writeFileSync(inside('web/Release'), 'Suite: noble\n');
  };
  const read = (path: string) => readFileSync(inside(path), 'utf8');
  const LIST = 'etc/apt/sources.list.d/mlk8s-tool.sources';

  it.each(['maker.asc', 'maker.gpg'])('is known to apt once the key in %s was looked at, and gone again', (file) => {
    serve(file);
    const it = story(source());
    it.apply();
    expect(it.look()).toMatchObject({ verdict: 'ok' });
    expect(read(LIST)).toMatch(/^Suites: noble\nComponents: main\nArchitectures: amd64$/m);
    expect(statSync(inside('etc/apt/keyrings/mlk8s-tool.gpg')).mode & 0o777).toBe(0o644);
    const shown = spawnSync('gpg', ['--show-keys', inside('etc/apt/keyrings/mlk8s-tool.gpg')], { encoding: 'utf8' });
    expect(shown.stdout).toContain(prints[0]);
    it.undo();
    expect(all().toSorted()).toEqual(['etc/apt', 'etc/apt/sources.list.d', 'etc/os-release']);
  });

  it.each(['stranger.asc', 'both.asc'])('trusts nothing when %s is served', (file) => {
    serve(file);
    expect(story(source()).apply).toThrow(`its fingerprint should be ${prints[0]}, and is ${prints[1]}`);
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it.each(['secret', 'armour'])('trusts nothing when another key is hidden behind the right one, as %s', (how) => {
    serve(`maker-and-${how}`);
    expect(story(source()).apply).toThrow();
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it('trusts nothing when a page is served, and says when there is nothing for this Ubuntu', () => {
    serve('maker.asc');
    writeFileSync(inside('web/key'), '<html>log in</html>');
    expect(story(source()).apply).toThrow('https://example.org/key is no key');
    rmSync(inside('web/Release'));
    expect(story(source()).apply).toThrow('it may have nothing for this release of Ubuntu');
    expect(all().filter((name) => name.includes('mlk8s'))).toEqual([]);
  });

  it('is put right when its key or its line was changed, and left to a file of somebody else', () => {
    serve('maker.asc');
    const it = story(source());
    it.apply();
    writeFileSync(inside('etc/apt/keyrings/mlk8s-tool.gpg'), readFileSync(join(base, 'stranger.gpg')));
    expect(it.look()).toMatchObject({
      verdict: 'change',
      because: '/etc/apt/keyrings/mlk8s-tool.gpg has another content',
    });
    it.apply();
    writeFileSync(inside(LIST), read(LIST).replace('Components: main', 'Components: main evil'));
    expect(it.look()).toMatchObject({ verdict: 'change', because: `/${LIST} has another content` });
    it.apply();
    expect(it.look().verdict).toBe('ok');
    writeFileSync(
      inside('etc/apt/sources.list.d/own.list'),
      'deb [signed-by=/usr/x.gpg] https://example.org/deb noble main\n',
    );
    it.apply();
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
    ['own.sources', 'Enabled: no\nURIs: https://example.org/old\n\nEnabled: yes\nURIs: https://example.org/deb\n'],
  ])('is the archive when %s says %j', (name, text) => {
    writeFileSync(inside('etc/apt/sources.list.d', name), text);
    expect(story(source()).look()).toMatchObject({ verdict: 'ok', because: expect.stringContaining(name) });
  });

  it.each([
    ['own.list.save', line('https://example.org/deb')],
    ['own.list', `# ${line('https://example.org/deb')}`],
    ['own.list', line('https://example.org/deb-nightly')],
    [
      'own.sources',
      'Types: deb\n# of the release before\nEnabled:  No\nURIs: https://example.org/deb\nSuites: stable\n',
    ],
    ['own.sources', 'Types: deb\nURIs: https://example.org/deb\nSuites: stable\nenabled: false'],
  ])('is not the archive when %s says %j', (name, text) => {
    writeFileSync(inside('etc/apt/sources.list.d', name), text);
    expect(story(source()).look()).toMatchObject({ verdict: 'change' });
  });
});

describe('a program of a package', () => {
  const docker = () => debTool({ ...placed, command: 'dock', packages: ['dock-ce'], user: userInfo().username });

  it('is left to who has taken another one since', () => {
    program('apt-get', 'exit 0');
    const it = story(docker());
    it.apply();
    program('dock', 'true');
    expect(it.look()).toEqual({
      verdict: 'ok',
      shown: true,
      because: `dock was there before mlk8s: ${inside('bin/dock')}`,
    });
    program('dpkg-query', 'echo "deb dock-ce iU "');
    expect(it.look()).toMatchObject({ verdict: 'change', because: 'not installed: dock-ce' });
  });
});

it.each([
  [true, 'packages are never removed: gh; they get no updates any more, because their archive goes'],
  [false, 'packages are never removed: gh'],
])('packages stay behind without updates where their archive is of mlk8s: %s', (isOurs, because) => {
  const source = { id: 'devbox/gh-source@rig1', kind: 'apt-source', on: placed.on, spec: {} } as const;
  const gh = debTool({ ...placed, command: 'gh', packages: ['gh'], user: 'anna', source: source.id });
  const records = isOurs ? [{ ...source, origin: 'created', state: 'done' } as const] : [];
  expect(judge(undoing(kinds)['deb-tool'], { ...gh, origin: 'created' } as Declared, records)).toEqual({
    ...{ verdict: 'ok', stays: true },
    because,
  });
});

describe('a program of a package that listens', () => {
  const desk = () =>
    debTool({
      ...{ ...placed, command: 'desk', packages: ['desk', 'cert'], user: userInfo().username },
      listens: { units: ['desk.service', 'desk-session.service'], port: 4000 },
    });
  const stayed = 'packages are never removed: desk, cert';
  beforeEach(() => {
    program('apt-get', `if [[ " $* " = *' install '* ]]; then touch ${inside()}/on; fi`);
    program(
      'systemctl',
      `case $1 in
        show) if [ -e ${inside()}/on ]; then echo UnitFileState=enabled; echo ActiveState=active; fi ;;
        *) [ "$*" = 'disable --now desk.service desk-session.service' ] && rm ${inside()}/on ;;
      esac`,
    );
  });

  it('is switched off by an undo, and its packages stay', () => {
    const it = story(desk());
    it.apply();
    const because = `mlk8s brought desk.service, which listens on port 4000; ${stayed}`;
    expect(it.lookBack()).toMatchObject({ verdict: 'change', because });
    it.undo();
    expect(it.lookBack()).toEqual({ verdict: 'ok', because: stayed, stays: true });
  });

  it('goes on, and is named, where it was there before and only what is beside it was missing', () => {
    program('dpkg-query', 'echo "deb desk ii "');
    const it = story(desk());
    it.apply();
    const because = `${stayed}; desk.service listens on port 4000 as before`;
    expect(it.lookBack()).toEqual({ verdict: 'ok', because, stays: true });
  });
});

describe('a word in a list of a JSON file', () => {
  const told = () => (existsSync(inside('told')) ? readFileSync(inside('told'), 'utf8') : '');
  const list = () =>
    jsonList({
      ...placed,
      path: '/etc/docker/daemon.json',
      key: 'insecure-registries',
      words: ['registry.local:32000'],
      afterwards: { does: 'tell', run: sh`echo told >>${inside('told')}` },
    });
  const FILE = 'etc/docker/daemon.json';
  const write = (text: string) => {
    mkdirSync(inside('etc/docker'), { recursive: true });
    writeFileSync(inside(FILE), text);
  };

  it('comes into a file of its own and goes with it', () => {
    const it = story(list());
    it.apply();
    expect(JSON.parse(readFileSync(inside(FILE), 'utf8'))).toEqual({
      'insecure-registries': ['registry.local:32000'],
    });
    expect(it.look().verdict).toBe('ok');
    it.undo();
    expect(existsSync(inside('etc/docker'))).toBe(false);
    expect(told()).toBe('told\ntold\n');
  });

  it('comes beside what is there, whose bytes, mode and words come back', () => {
    const before = '{\n\t"log-driver":   "local",\n\t"insecure-registries": ["a:1"]\n}';
    write(before);
    chmodSync(inside(FILE), 0o640);
    const it = story(list());
    it.apply();
    expect(JSON.parse(readFileSync(inside(FILE), 'utf8'))).toEqual({
      'log-driver': 'local',
      'insecure-registries': ['a:1', 'registry.local:32000'],
    });
    expect(statSync(inside(FILE)).mode & 0o777).toBe(0o640);
    it.undo();
    expect(readFileSync(inside(FILE), 'utf8')).toBe(before);
    expect(statSync(inside(FILE)).mode & 0o777).toBe(0o640);
  });

  it('does not come when something else wrote the file since it was looked at', () => {
    const it = story(list());
    const seen = it.look();
    write('{"a": 1}');
    expect(() => run(seen)).toThrow('was changed meanwhile by something else');
    expect(readFileSync(inside(FILE), 'utf8')).toBe('{"a": 1}');
    expect(told()).toBe('');
  });

  it('goes alone when somebody changed the file since', () => {
    write('{"a": 1}');
    const it = story(list());
    it.apply();
    write(JSON.stringify({ a: 2, 'insecure-registries': ['registry.local:32000', 'b:2'] }));
    it.undo();
    expect(JSON.parse(readFileSync(inside(FILE), 'utf8'))).toEqual({ a: 2, 'insecure-registries': ['b:2'] });
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
      link: inside('links/lamp'),
      user: userInfo().username,
    });
  const pack = (): string => {
    mkdirSync(inside('pack/lamp-1.0'), { recursive: true });
    for (const name of ['lamp', 'sandbox']) {
      writeFileSync(inside('pack/lamp-1.0', name), '#!/bin/sh\necho lit\n', { mode: 0o755 });
    }
    spawnSync('tar', ['-czf', inside('web/lamp.tar.gz'), '-C', inside('pack'), 'lamp-1.0']);
    return spawnSync('sha256sum', [inside('web/lamp.tar.gz')], { encoding: 'utf8' }).stdout.slice(0, 64);
  };
  beforeEach(() => program('chown', 'true'));

  it('is unpacked after a look at its checksum, put right when broken, and gone again', () => {
    const it = story(folder(pack()));
    expect(it.look()).toMatchObject({ verdict: 'change', because: 'there is no lamp' });
    it.apply();
    expect(it.look().verdict).toBe('ok');
    expect(spawnSync(inside('links/lamp'), { encoding: 'utf8' }).stdout).toBe('lit\n');
    expect(statSync(inside('opt/lamp/sandbox')).mode & 0o7777).toBe(0o4755);
    rmSync(inside('opt/lamp/lamp'));
    expect(it.look()).toMatchObject({ verdict: 'change', because: '/opt/lamp/lamp is missing' });
    it.apply();
    chmodSync(inside('opt/lamp/sandbox'), 0o755);
    it.apply();
    expect(it.look().verdict).toBe('ok');
    it.undo();
    expect(all().filter((name) => /^(opt|links)\//.test(name))).toEqual([]);
  });

  it('is not unpacked when the file is another one', () => {
    pack();
    expect(story(folder('0'.repeat(64))).apply).toThrow('is not the file that was released');
    expect(existsSync(inside('opt/lamp'))).toBe(false);
  });

  it('is left to who put one there after it could not be fetched', () => {
    pack();
    const it = story(folder('0'.repeat(64)));
    expect(it.apply).toThrow();
    mkdirSync(inside('opt/lamp'));
    expect(it.look()).toEqual({ verdict: 'ok', shown: true, because: 'lamp was there before mlk8s: /opt/lamp' });
  });
});
