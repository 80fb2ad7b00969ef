import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Verdict } from '../../src/engine/types.ts';
import { type SourceTreeSpec, sourceTree } from '../../src/resources/source-tree.ts';
import { machine } from './machine.ts';

const { inside, program, story } = machine();

/** What the archive holds, without its top folder. */
const TREE: Readonly<Record<string, string>> = {
  'README.md': 'not wanted\n',
  'common/a/kustomization.yaml': 'resources: [https://example.com/far/away?ref=v1.0, thing.yaml]\n',
  'common/a/thing.yaml': 'no newline at the end',
  'common/a/strange name.yaml': "it's $HOME\n",
  'applications/b/kustomization.yaml': 'resources: []\n',
  'docs/common/c.yaml': 'not wanted\n',
};
const EXTRA = { 'manifests/far.yaml': 'kind: Far\n', 'manifests/kustomization.yaml': 'resources: [far.yaml]\n' };

const sum = (kind: string, text: string) => createHash(kind).update(text).digest('hex');

/** As `git hash-object` and sha256sum say it. */
function digestOf(files: Readonly<Record<string, string>>): string {
  const lines = Object.entries(files)
    .filter(([path]) => /^(common|applications|vendor)\//.test(path))
    .map(([path, text]) => `${sum('sha1', `blob ${Buffer.byteLength(text)}\0${text}`)}  ${path}\n`);
  return sum('sha256', lines.sort().join(''));
}

const vendored = Object.fromEntries(Object.entries(EXTRA).map(([path, text]) => [`vendor/far/${path}`, text]));
const DIGEST = digestOf({ ...TREE, ...vendored });

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

beforeEach(() => {
  write(inside('web/top'), TREE);
  spawnSync('tar', ['-czf', inside('web/archive.tar.gz'), '-C', inside('web'), 'top']);
  write(inside('web/far'), EXTRA);
  program(
    'curl',
    `while [ $# -gt 1 ]; do if [ "$1" = -o ]; then to=$2; fi; shift; done
     echo "$1" >>${inside()}/asked
     case $1 in */archive.tar.gz) from=archive.tar.gz ;; *) from=\${1#https://example.com/} ;; esac
     cp ${inside()}/web/"$from" "$to"`,
  );
});

const FOLDER = '/var/lib/mlk8s/kubeflow/1.0';
const source = (more: Partial<SourceTreeSpec> = {}) =>
  sourceTree({
    ...{ id: 'kubeflow/source@rig1', on: { host: 'rig1' }, needs: [], title: 'Kubeflow 1.0', folder: FOLDER },
    ...{ url: 'https://example.com/archive.tar.gz', digest: DIGEST },
    extra: [{ into: 'vendor/far', from: 'https://example.com/far', files: Object.keys(EXTRA) }],
    localized: {
      'common/a/kustomization.yaml': { 'https://example.com/far/away?ref=v1.0': 'vendor/far/manifests' },
    },
    ...more,
  });

const because = (verdict: Verdict) => ('because' in verdict ? verdict.because : verdict.problem.seen);
const kept = (...path: string[]) => inside('state/kubeflow', ...path);
const asked = () => readFileSync(inside('asked'), 'utf8').trim().split('\n');
const files = () =>
  readdirSync(kept('1.0'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replace(`${kept('1.0')}/`, ''))
    .sort();

const WHOLE = [
  'applications/b/kustomization.yaml',
  'common/a/kustomization.yaml',
  'common/a/strange name.yaml',
  'common/a/thing.yaml',
  'digests',
  'receipt',
  'vendor/far/manifests/far.yaml',
  'vendor/far/manifests/kustomization.yaml',
];

it('is fetched, verified and made whole, and goes again', () => {
  const { look, apply, undo, lookBack } = story(source());
  expect(because(look())).toBe('the manifests of Kubeflow 1.0 are not on this machine');
  apply();
  expect(because(look())).toBe(`the manifests of Kubeflow 1.0 are in ${FOLDER}`);
  expect(files()).toEqual(WHOLE);
  expect(readFileSync(kept('1.0/common/a/kustomization.yaml'), 'utf8')).toBe(
    'resources: [../../vendor/far/manifests, thing.yaml]\n',
  );
  undo();
  expect(existsSync(kept())).toBe(false);
  expect(lookBack()).toEqual({ verdict: 'ok', because: `${FOLDER} does not exist` });
});

it('is not used when a file in it is another one', () => {
  write(inside('web/top'), { 'applications/b/kustomization.yaml': 'resources: [mine.yaml]\n' });
  spawnSync('tar', ['-czf', inside('web/archive.tar.gz'), '-C', inside('web'), 'top']);
  const { look, apply } = story(source());
  const wrong = digestOf({ ...TREE, ...vendored, 'applications/b/kustomization.yaml': 'resources: [mine.yaml]\n' });
  expect(() => apply()).toThrow(
    `these are not the manifests of Kubeflow 1.0: their digest should be ${DIGEST}, and is ${wrong}`,
  );
  expect(existsSync(kept('1.0'))).toBe(false);
  expect(because(look())).toBe('the manifests of Kubeflow 1.0 were not fetched to their end');
});

it('is not used when a file is missing, or one too many', () => {
  for (const change of [
    () => rmSync(inside('web/top/common/a/thing.yaml')),
    () => write(inside('web/top'), { 'common/x': '' }),
  ]) {
    change();
    spawnSync('tar', ['-czf', inside('web/archive.tar.gz'), '-C', inside('web'), 'top']);
    expect(() => story(source()).apply()).toThrow('these are not the manifests of Kubeflow 1.0');
  }
});

it('is fetched anew when files were lost, when the release is another one, and when others are replaced in it', () => {
  const { look, apply } = story(source());
  apply();
  rmSync(kept('1.0/common/a/thing.yaml'));
  expect(because(look())).toBe(`files of ${FOLDER} were removed or added`);
  apply();
  expect(look().verdict).toBe('ok');
  for (const other of [{ digest: '0'.repeat(64) }, { localized: {} }]) {
    expect(because(story(source(other)).look())).toBe(
      `the manifests in ${FOLDER} are others than those of Kubeflow 1.0`,
    );
  }
});

it('takes the place of an earlier version', () => {
  mkdirSync(kept('0.9/common'), { recursive: true });
  story(source()).apply();
  expect(readdirSync(kept())).toEqual(['1.0']);
});

it('comes to the same end when it is stopped after any command', () => {
  let stops = 0;
  for (let isDone = false; !isDone; stops += 3) {
    rmSync(inside('state'), { recursive: true, force: true });
    const { look, apply } = story(source());
    isDone = apply(stops + 1);
    if (look().verdict === 'change') apply();
    expect(look().verdict).toBe('ok');
    expect(files()).toEqual(WHOLE);
  }
  expect(stops).toBeGreaterThan(15);
});

it.each(['archive', 'folder', 'folder as it was unpacked'])(
  'comes from this computer, as %s, without a download',
  (form) => {
    write(inside('web/top'), vendored);
    write(inside('web/top'), { 'vendor/far/of-no-use.md': 'not wanted\n' });
    spawnSync('tar', ['-czf', inside('mine.tgz'), '-C', inside('web'), 'top']);
    cpSync(inside('web/top'), inside('mine'), { recursive: true });
    cpSync(inside('web/top'), inside('unpacked/top'), { recursive: true });
    const local = { archive: 'mine.tgz', folder: 'mine' }[form] ?? 'unpacked';
    const { look, apply } = story(source({ local: inside(local) }));
    apply();
    expect(look().verdict).toBe('ok');
    expect(files()).toEqual(WHOLE);
    expect(existsSync(inside('asked'))).toBe(false);
  },
);

it('fetches what a local source lacks', () => {
  story(source({ local: inside('web/top') })).apply();
  expect(files()).toEqual(WHOLE);
  expect(asked()).toEqual(Object.keys(EXTRA).map((path) => `https://example.com/far/${path}`));
});

it('says what is wrong with a local source', () => {
  expect(story(source({ local: inside('nowhere') })).look()).toMatchObject({
    verdict: 'refused',
    problem: { seen: `there is no ${inside('nowhere')} on this machine` },
  });
  mkdirSync(inside('other'));
  expect(() => story(source({ local: inside('other') })).apply()).toThrow(`${inside('other')} has no folder common`);
});
