import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type FramedAsk, observeFrame, parseAnswers } from '../../src/shell/observe.ts';
import { sh } from '../../src/shell/script.ts';

const ask = (key: string, bash: string, seconds = 5): FramedAsk => ({ key, sh: { bash }, seconds, cluster: false });

function run(asks: FramedAsk[]) {
  const stdout = execFileSync('bash', ['--norc', '--noprofile', '-s'], { input: observeFrame(asks), maxBuffer: 1e8 });
  return parseAnswers(stdout, asks);
}

describe('the frame that asks everything in one script', () => {
  it('brings back text and status of each ask', () => {
    expect(run([ask('a', 'echo one; echo two'), ask('b', 'printf x; exit 3'), ask('c', 'true')])).toEqual([
      { kind: 'bytes', text: 'one\ntwo\n', status: 0, cut: false },
      { kind: 'bytes', text: 'x', status: 3, cut: false },
      { kind: 'bytes', text: '', status: 0, cut: false },
    ]);
  });

  it('lets no ask break another: exit, syntax error, cd, killed, closed streams, functions', () => {
    const asks = [
      ask('exit', 'exit 7'),
      ask('syntax', 'if then ((('),
      ask('cd', 'cd /; pwd'),
      ask('kill', 'kill -9 $BASHPID'),
      ask('close', 'exec >&- 2>&-; echo lost'),
      ask('ask', 'ask() { echo mine; }; statuses=; ask'),
      ask('stdin', 'cat; echo done'),
      ask('last', 'pwd; echo fine'),
    ];
    const answers = run(asks).map((a) => (a.kind === 'bytes' ? `${a.status} ${a.text}` : a.kind));
    expect(answers[0]).toBe('7 ');
    expect(answers[1]).toMatch(/^[12] $/);
    expect(answers[2]).toBe('0 /\n');
    expect(answers[3]).toBe('137 ');
    expect(answers[4]).toMatch(/^\d+ $/);
    expect(answers[5]).toBe('0 mine\n');
    expect(answers[6]).toBe('0 done\n');
    expect(answers[7]).toMatch(/fine\n$/);
  });

  it('says timeout for an ask that takes too long, with all its children, and goes on', () => {
    const started = Date.now();
    const answers = run([ask('slow', 'sleep 60 & sleep 60', 0.3), ask('next', 'echo next')]);
    expect(answers).toEqual([{ kind: 'timeout' }, { kind: 'bytes', text: 'next\n', status: 0, cut: false }]);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('cuts an ask that prints without end', () => {
    const [endless, next] = run([ask('yes', 'yes'), ask('next', 'echo next')]);
    expect(endless).toMatchObject({ kind: 'bytes', cut: true });
    expect(next).toMatchObject({ text: 'next\n' });
  });

  it('keeps bytes that look like its own frame, and UTF-8, and missing final newlines', () => {
    const text = 'answers 3\n0000 0\n\n\n\tünï ✓';
    const [answer] = run([{ key: 'a', sh: sh`printf %s ${text}`, seconds: 5, cluster: false }]);
    expect(answer).toEqual({ kind: 'bytes', text, status: 0, cut: false });
  });

  it('leaves nothing behind in /run', () => {
    run([ask('a', 'echo a'), ask('slow', 'sleep 9', 0.1)]);
    expect(spawnSync('sh', ['-c', 'ls -d /run/mlk8s-asks.* /tmp/tmp.*/0000 2>/dev/null']).stdout.toString()).toBe('');
  });

  it('refuses what is not an answer', () => {
    const asks = [ask('a', 'true')];
    for (const bad of [
      '',
      'answers 1\n',
      'answers 1\n0000 0\n4 0000\n\nab',
      'answers 1\n0000 x\n0 0000\n\n',
      'hello\n\n',
    ]) {
      expect(() => parseAnswers(Buffer.from(bad), asks), JSON.stringify(bad)).toThrow(/head|damaged|left/);
    }
  });
});
