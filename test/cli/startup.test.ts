import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'mlk8s-startup-'));
let metafile: Metafile;

beforeAll(async () => {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts' },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    external: ['*.node', 'cpu-features'],
    metafile: true,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  metafile = result.metafile;
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read when a file of the bundle is imported: the source files, and how many bytes that are. */
function loadedWith(isStart: (name: string, entryPoint: string) => boolean): { inputs: string[]; bytes: number } {
  const { outputs } = metafile;
  const start = Object.keys(outputs).filter((name) => isStart(name, outputs[name]?.entryPoint ?? ''));
  const seen = new Set<string>();
  for (const queue = start; queue.length > 0; ) {
    const name = queue.pop() ?? '';
    if (seen.has(name)) continue;
    seen.add(name);
    const imports = outputs[name]?.imports ?? [];
    queue.push(...imports.filter((it) => it.kind === 'import-statement' && !it.external).map((it) => it.path));
  }
  return {
    inputs: [...seen].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {})),
    bytes: [...seen].reduce((sum, name) => sum + (outputs[name]?.bytes ?? 0), 0),
  };
}

const packagesIn = (inputs: readonly string[]): string[] => [
  ...new Set(inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? [])),
];

describe('start-up', () => {
  test('of --version reads one small file', () => {
    const { inputs, bytes } = loadedWith((_, entry) => entry === 'src/main.ts');
    expect(inputs).toEqual(['src/main.ts']);
    expect(bytes).toBeLessThan(4096);
  });

  test('of --help reads commander and the words of the commands', () => {
    const { inputs, bytes } = loadedWith((_, entry) => entry === 'src/cli/program.ts');
    expect(packagesIn(inputs)).toEqual(['commander']);
    expect(inputs.filter((input) => /^src\/(?!cli\/|errors\.ts|redact\.ts)/.test(input))).toEqual([]);
    expect(bytes).toBeLessThan(80_000);
  });

  test('of a command with a cluster file reads zod in one language', () => {
    const { inputs } = loadedWith((_, entry) => entry === 'src/config/load.ts');
    const languages = inputs.flatMap((input) => /zod\/v4\/locales\/([^/]+)$/.exec(input)?.[1] ?? []);
    expect(inputs.some((input) => input.includes('node_modules/zod/'))).toBe(true);
    expect(languages).toEqual(['en.js']);
  });
});

describe('the process', () => {
  const run = (...args: string[]) => {
    const file = relative(folder, join(folder, 'dist', 'main.js'));
    const script = `const { main } = await import('./${file}'); await main(['node', 'mlk8s', ...${JSON.stringify(args)}]);`;
    const env = { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env, encoding: 'utf8' });
  };

  test.each(['--version', '-V'])('prints its version for %s', (flag) => {
    const { status, stdout } = run(flag);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  test('shows its commands and exits with 1 when it is told nothing', () => {
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain('Usage: mlk8s');
  });

  test('shows an error in four parts, in ASCII where nothing else is sure', () => {
    const { status, stdout, stderr } = run('up', '--paralel', '2');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(
      [
        'x error  command line',
        "    seen  unknown option '--paralel'",
        '    next  did you mean --parallel?',
        '          mlk8s up --help shows what there is',
        '',
      ].join('\n'),
    );
  });

  test('says all that it has to say to a reader who is slow', () => {
    const journal = join(folder, 'state/mlk8s/journal/lab');
    mkdirSync(journal, { recursive: true });
    mkdirSync(join(folder, 'work'));
    const line = JSON.stringify({
      v: 1,
      at: '2026-01-01T00:00:00.000Z',
      event: 'warning',
      where: 'x',
      text: 'y'.repeat(200),
    });
    writeFileSync(join(journal, '2026-01-01T00-00-00.000Z-up-1.ndjson'), `${line}\n`.repeat(4000));
    writeFileSync(
      join(folder, 'work/mlk8s.yaml'),
      'name: lab\nssh: { user: lab }\nnodes: [{ name: a, address: 10.0.0.1, role: control-plane }]\n',
    );
    const script =
      "const { main } = await import('../dist/main.js'); await main(['node', 'mlk8s', 'logs', '--last', '1', '--json']);";
    const env = { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), SCRIPT: script };
    const pipe = `"${process.execPath}" --input-type=module -e "$SCRIPT" | { sleep 1; grep -c warning; }`;
    expect(spawnSync('sh', ['-c', pipe], { cwd: join(folder, 'work'), env, encoding: 'utf8' }).stdout).toBe('4000\n');
  });

  test('ends with the exit code of the error', () => {
    expect(run('plan').status).toBe(3);
  });
});
