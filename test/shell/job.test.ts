import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Job, startFrame } from '../../src/shell/job.ts';
import { parseJobEnd } from '../../src/shell/job-end.ts';
import { sh } from '../../src/shell/script.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlk8s-job-'));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    writeFileSync(join(dir, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const job: Job = {
  id: 'a1',
  changes: [{ moves: [{ run: sh`echo it ran`, deadlineS: 10 }], needs: [] }],
  inputs: {},
};

/** Programs of a machine. Preparing a job, which begins with its folder for secrets, lasts until `go` is there. */
const PROGRAMS = {
  mkdir: `case "$*" in *run/a1) echo begun >>"$DIR/begun"; until [ -e "$DIR/go" ]; do sleep 0.01; done ;; esac
exec /bin/mkdir "$@"`,
  'systemd-run': `echo called >>"$DIR/calls"
"\${@:5}" </dev/null >/dev/null 2>&1 &`,
  // Active from when systemd-run was called.
  systemctl: '[ -e "$DIR/calls" ]',
};

function start(): { child: ChildProcess; output: Promise<string> } {
  const script = startFrame(job).replaceAll('/var/lib/mlk8s', `${dir}/state`).replaceAll('/run/mlk8s', `${dir}/run`);
  const child = spawn('bash', ['-s'], { env: { PATH: `${dir}:${process.env.PATH}`, DIR: dir } });
  child.stdin.end(script);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return { child, output: new Promise((resolve) => child.on('close', () => resolve(text))) };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('is launched once when it is started again while the first start is still at it', async () => {
  const first = start();
  await until(() => existsSync(join(dir, 'begun')));
  const second = start();
  // The second one is as far as it can get: it waits for the lock, or prepares the job as well.
  const waits = () => childrenOf(second.child).some((name) => name === 'flock');
  await until(() => waits() || readFileSync(join(dir, 'begun'), 'utf8') !== 'begun\n');
  writeFileSync(join(dir, 'go'), '');
  for (const output of [await first.output, await second.output]) {
    expect(output).toContain('it ran');
    expect(parseJobEnd(job.id, output)?.statuses.get(0)).toBe(0);
  }
  expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe('called\n');
});

it('takes away what a power cut left, and no debt of this boot', async () => {
  writeFileSync(join(dir, 'go'), '');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  const files = {
    'inventory/a.json': '{}',
    'inventory/b.json.new': '{',
    'debts/now': boot,
    'debts/then': 'x\n',
    'debts/none': '',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, 'state', dirname(name)), { recursive: true });
    writeFileSync(join(dir, 'state', name), text);
  }
  expect(await start().output).toContain('it ran');
  expect(['inventory', 'debts'].map((folder) => readdirSync(join(dir, 'state', folder)))).toEqual([
    ['a.json'],
    ['now'],
  ]);
});

function childrenOf({ pid }: ChildProcess): string[] {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return ids.map((id) => {
    try {
      return readFileSync(`/proc/${id}/comm`, 'utf8').trim();
    } catch {
      return '';
    }
  });
}
