import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Job, parseJobEnd, startFrame } from '../../src/shell/job.ts';
import { sh } from '../../src/shell/script.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlk8s-job-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const job: Job = {
  id: 'a1',
  changes: [{ moves: [{ run: sh`echo it ran`, deadlineS: 10 }], needs: [] }],
  inputs: {},
};

/** A systemd-run that starts what it is told to start, but only once `go` is there, and notes each call. */
const SYSTEMD_RUN = `#!/bin/bash
echo called >>"$DIR/calls"
until [ -e "$DIR/go" ]; do sleep 0.01; done
"\${@:5}" </dev/null >/dev/null 2>&1 &
`;

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
  writeFileSync(join(dir, 'systemd-run'), SYSTEMD_RUN, { mode: 0o755 });
  writeFileSync(join(dir, 'systemctl'), '#!/bin/bash\nexit 3\n', { mode: 0o755 });
  const first = start();
  await until(() => existsSync(join(dir, 'calls')));
  const second = start();
  // The second one is as far as it can get: it waits for the lock, or it has launched the job once more.
  const waits = () => childrenOf(second.child).some((name) => name === 'flock');
  await until(() => waits() || readFileSync(join(dir, 'calls'), 'utf8') !== 'called\n');
  writeFileSync(join(dir, 'go'), '');
  for (const output of [await first.output, await second.output]) {
    expect(output).toContain('it ran');
    expect(parseJobEnd(job.id, output)?.statuses.get(0)).toBe(0);
  }
  expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe('called\n');
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
