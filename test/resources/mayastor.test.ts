import { describe, expect, it } from 'vitest';
import type { Verdict, World } from '../../src/engine/types.ts';
import { kubeletSees, kubeletSeesKind } from '../../src/resources/kubelet-sees.ts';
import { mayastorFit, mayastorFitKind } from '../../src/resources/mayastor-fit.ts';
import { answersTo, cluster, node, type Told, worldOf } from './world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2'), node('rig3')]);
const seen = (verdict: Verdict): string =>
  verdict.verdict === 'refused' ? `refused: ${verdict.problem.seen}` : `${verdict.verdict}: ${verdict.because}`;
const scripts = (verdict: Verdict): string =>
  verdict.verdict === 'change' ? verdict.moves.map((move) => ('run' in move ? move.run.bash : '')).join('\n') : '';

describe('kubelet-sees', () => {
  const it1 = kubeletSees({
    ...{ id: 'storage/kubelet@rig2', on: { host: 'rig2' }, needs: [] },
    ...{ hugepagesMiB: 2048, member: 'microk8s/member@rig2' },
  });
  const nodes = (pages?: string): string => {
    const allocatable = pages === undefined ? {} : { 'hugepages-2Mi': pages };
    return JSON.stringify({ items: [{ metadata: { name: 'rig2' }, status: { allocatable } }] });
  };
  const judge = (told: readonly Told[], debts: string[] = [], identity: string | undefined = 'X') => {
    const world = worldOf({ file, answers: answersTo(kubeletSeesKind.asks(it1), told), debts });
    return kubeletSeesKind.judge(it1, { ...world, identity, lead: 'rig1' } as World);
  };
  const short = (offers: number) => `kubelet on rig2 offers ${offers} of 2048 MiB of hugepages`;

  it.each<[string, readonly Told[], string[], string]>([
    ['offers them', [nodes('2Gi'), '900\n'], [], 'ok: pods on rig2 can have 2048 MiB of hugepages'],
    ['offers more', [nodes('3072Mi'), '900\n'], [], 'ok: pods on rig2 can have 3072 MiB of hugepages'],
    ['offers none', [nodes('0'), '900\n'], [], `change: ${short(0)}: it counts them only when it starts`],
    [
      'offers too few',
      [nodes('1048576Ki'), 'never\n'],
      [],
      `change: ${short(1024)}: it counts them only when it starts`,
    ],
    ['knows no hugepages', [nodes(), '900\n'], [], `change: ${short(0)}: it counts them only when it starts`],
    ['has just started', [nodes('0'), '12\n'], [], `settling: ${short(0)}; it started 12 s ago`],
    [
      'is to be restarted, as an earlier run wrote down',
      [nodes('2Gi'), '900\n'],
      ['restart-kubelite'],
      'change: the hugepages of rig2 were changed, and kubelet counts them only when it starts',
    ],
    ['is not in the cluster', ['{"items": []}', '900\n'], [], 'later: rig2 is not in the cluster yet'],
    ['is not listed', [{ text: '', status: 1 }, '900\n'], [], 'settling: rig1 does not list its nodes'],
  ])('%s', (_, told, debts, verdict) => expect(seen(judge(told, debts))).toBe(verdict));

  it('concludes nothing from an age that nobody told', () => {
    expect(judge([nodes('0'), { kind: 'timeout' }]).verdict).toBe('refused');
  });

  it('writes the restart down before it begins, and is alone with it', () => {
    const verdict = judge([nodes('0'), '900\n']);
    expect(verdict).toMatchObject({ alone: true, disrupts: 'kubelet on rig2 is away for about a minute; pods go on' });
    const run = scripts(verdict);
    const places = ['debts/restart-kubelite', 'snap restart microk8s.daemon-kubelite', 'rm -f /var/lib/mlk8s/debts'];
    expect(places.map((words) => run.indexOf(words)).every((at, i, all) => at > (all[i - 1] ?? -1))).toBe(true);
  });
});

describe('mayastor-fit', () => {
  const it1 = mayastorFit({
    ...{ id: 'storage/mayastor-fit@cluster', on: 'cluster', needs: [] },
    ...{ machines: ['rig2', 'rig3'], cores: 2 },
  });
  const GOOD = ['6.8.0-85-generic x86_64\nsse4_2\n', '8\n', ''];
  const judge = (told: readonly Told[], hosts = ['rig1', 'rig2', 'rig3']) =>
    mayastorFitKind.judge(it1, { ...worldOf({ file, answers: answersTo(mayastorFitKind.asks(it1), told) }), hosts });
  const listens = (port: number) => `LISTEN 0 4096 0.0.0.0:${port} 0.0.0.0:* users:(("nginx",pid=9,fd=3))\n`;

  it.each<[string, readonly Told[], string]>([
    ['good', GOOD, 'ok: rig2, rig3: fit for Mayastor'],
    [
      'an old kernel',
      ['5.4.0-100-generic x86_64\nsse4_2\n', '8\n', ''],
      'refused: rig3: its kernel is 5.4.0-100-generic',
    ],
    ['the oldest kernel that will do', ['5.13.0 x86_64\nsse4_2\n', '8\n', ''], 'ok: rig2, rig3: fit for Mayastor'],
    ['an ARM processor', ['6.8.0 aarch64\n', '8\n', ''], 'refused: rig3: its processor is aarch64'],
    ['a processor without SSE4.2', ['6.8.0 x86_64\n', '8\n', ''], 'refused: rig3: its processor has no SSE4.2'],
    ['two threads', ['6.8.0 x86_64\nsse4_2\n', '2\n', ''], 'refused: rig3: it has 2 threads'],
    ['a port that is taken', [GOOD[0] ?? '', '8\n', listens(8420)], 'refused: rig3: port 8420 is used by nginx'],
    [
      'ports that are its own',
      [`${GOOD[0]}io-engine was here\n`, '8\n', listens(8420)],
      'ok: rig2, rig3: fit for Mayastor',
    ],
  ])('%s', (_, told, verdict) => expect(seen(judge([...GOOD, ...told]))).toBe(verdict));

  it('asks nothing of a machine that is out of the run', () => {
    const silent: Told[] = [{ kind: 'unreachable' }, { kind: 'unreachable' }, { kind: 'unreachable' }];
    expect(judge([...GOOD, ...silent]).verdict).toBe('refused');
    expect(seen(judge([...GOOD, ...silent], ['rig1', 'rig2']))).toBe('ok: rig2: fit for Mayastor');
  });
});
