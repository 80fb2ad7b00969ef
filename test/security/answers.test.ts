import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayKeep } from '../../src/engine/homes.ts';
import { parseRecords } from '../../src/engine/inventory.ts';
import { findLead } from '../../src/engine/lead.ts';
import { Observer } from '../../src/engine/observer.ts';
import type { Answer, Declared, Id, InventoryRecord, Verdict, World } from '../../src/engine/types.ts';
import { toUndo, undoing } from '../../src/engine/undo.ts';
import { kinds } from '../../src/resources/index.ts';
import { parseMembership } from '../../src/resources/membership.ts';
import { parseJobEnd } from '../../src/shell/job-end.ts';
import { DamagedAnswers, type FramedAsk, parseAnswers } from '../../src/shell/observe.ts';
import { steps } from '../../src/steps/index.ts';
import { checks } from '../../src/steps/preflight/index.ts';
import { realClock } from '../../src/transport/clock.ts';
import type { Host } from '../../src/transport/host.ts';
import { at, cluster, node, worldOf } from '../resources/world.ts';
import { hostile, runs } from './hostile.ts';

const file = cluster([
  node('rig1', { role: 'control-plane' }),
  node('rig2', { role: 'control-plane', labels: { disk: 'fast' } }),
  node('rig3', { taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }] }),
]);
const resources = steps.flatMap((step) => step.resources(file));
const asksOf = (it: Declared) => kinds[it.kind]?.asks(it) ?? [];

/** Pieces that the parsers look for, in any order and amount. */
const piece = fc.oneof(
  hostile,
  fc.constantFrom(
    ...['identity=u1\n', 'microk8s=control-plane\n', 'microk8s=worker\n', 'peers=-1\n', 'peers=1e999\n', 'ours=yes\n'],
    ...['namespaces=kube-system=u1 \n', 'installed\n', 'ok', 'missing\n', '644 root regular file\n', '1\n', 'yes\n'],
    ...['microk8s  1.35  1  1.35/stable  x  held\n', 'NTP=no\nCanNTP=yes\n', 'ActiveState=active\n', 'linked\n'],
    ...[
      '- Address: 192.168.1.11:19001\n  Role: 9\n',
      'apiVersion: v1\n',
      'users: [*a]\n',
      '{"items":[{}]}',
      '[[[[{{{{',
    ],
    ...['{"items":[{"metadata":{"name":1,"labels":3},"spec":{"taints":7},"status":{"conditions":5}}]}', '{"items":7}'],
    ...['null', '[]', '{}', '"', '{"status":{"availableReplicas":"x"}}', '{"status":3}', '{"items":null}', '-0', 'NaN'],
    ...['net.ipv4.ip_forward = 1e400\n', 'fs.aio-max-nr=99999999999999999999\n', '8192000 kB\n', 'MemTotal: x kB\n'],
  ),
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
/** As it comes out of a frame. */
const given = fc.tuple(text, fc.constantFrom('0', '0', '0', '1', '127', '4294967295')).map(([it, status]): Answer => {
  const stdout = Buffer.from(`answers 1\n0000 ${status}\n${Buffer.byteLength(it)} 0000\n\n${it}`);
  return parseAnswers(stdout, [{ key: '', sh: { bash: '' }, seconds: 1, cluster: false }])[0] as Answer;
});
const silence = fc.constantFrom<Answer>({ kind: 'absent' }, { kind: 'timeout' }, { kind: 'unreachable' });
const answer = fc.oneof({ weight: 8, arbitrary: given }, { weight: 1, arbitrary: silence });

/** Records as a machine may claim them: what `parseRecords` lets pass. */
const record = (id: string) => {
  const spec = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant({ labels: 'x', taints: { a: 1 }, packages: 3, path: 7 }),
  );
  const on = fc.oneof(fc.jsonValue(), fc.constantFrom('workstation', 'cluster', { host: 'rig1' }));
  const state = fc.constantFrom('pending', 'done');
  return fc
    .record({ id: fc.constant(id), kind: hostile, on, spec, state, origin: fc.jsonValue(), needs: fc.jsonValue() })
    .map((it) => JSON.stringify(it));
};
const claimed = (id: string) => fc.oneof({ weight: 3, arbitrary: record(id) }, { weight: 1, arbitrary: text });

/** Each part of a verdict that people or machines are given. */
function check(it: Declared, verdict: Verdict): void {
  const said = verdict.verdict === 'refused' ? verdict.problem.seen : verdict.because;
  expect(said, it.id).toMatch(/\S/);
  if (verdict.verdict === 'change')
    for (const move of verdict.moves) if ('run' in move) expect(move.run.bash).not.toContain('\0');
}

describe('what a machine answers', () => {
  const asks = (n: number): FramedAsk[] =>
    Array.from({ length: n }, (_, i) => ({ key: `${i}`, sh: { bash: 'true' }, seconds: 1, cluster: i % 2 === 1 }));

  it('is read as answers, or refused as damaged, whatever the frame says', () => {
    const line = fc.constantFrom(
      'answers 2',
      '0000 0',
      '0001 late',
      '0000 -1',
      '5 0000',
      '-5 0001',
      ' 3 0000',
      '1e1 0001',
      'NaN 0',
      '',
      '0x5 0000',
      '99999999999999999999 0001',
      'abcdefgh',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 9 }), fc.uint8Array({ maxLength: 12 }), (lines, tail) => {
        const stdout = Buffer.concat([Buffer.from(lines.join('\n')), Buffer.from(tail)]);
        try {
          const answers = parseAnswers(stdout, asks(2));
          const size = answers.reduce((sum, it) => sum + (it.kind === 'bytes' ? Buffer.byteLength(it.text) : 0), 0);
          expect(size).toBeLessThanOrEqual(3 * stdout.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedAnswers);
        }
      }),
      { numRuns: runs(800, 100_000) },
    );
  });

  it('never has a negative length, even if the sum is right', () => {
    const stdout = Buffer.from('answers 2\n0000 0\n0001 0\n4 0000\n-2 0001\n\nab');
    expect(() => parseAnswers(stdout, asks(2))).toThrow(DamagedAnswers);
  });

  it('ends a job with what it says, whatever else it says', () => {
    fc.assert(
      fc.property(text, (it) => {
        const end = parseJobEnd('x', `${it}\nmlk8s-job x ended\nfinished\n${it}\nend 0 0\n`);
        expect(end?.statuses.get(0)).toBe(0);
      }),
    );
  });

  it('never stops the judging of a resource', () => {
    const asked = resources.filter((it) => asksOf(it).length > 0 || it.kind === 'debt' || it.kind === 'cluster');
    fc.assert(
      fc.property(
        fc.constantFrom(...asked),
        fc.array(answer, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        fc.gen(),
        (it, answers, there, gen) => {
          const line = gen(claimed, it.id);
          const stored = it.on === 'cluster' ? JSON.stringify({ data: { x: line } }) : line;
          const told = parseRecords(it.on, stored).find((one) => one.id === it.id);
          const known = new Map(
            asksOf(it).map((ask, i): [string, Answer] => [at(ask.on, ask.key), answers[i % 4] as Answer]),
          );
          const world = worldIn(known, there, told);
          check(it, (kinds[it.kind] as (typeof kinds)[string]).judge(it, world));
        },
      ),
      { numRuns: runs(800, 100_000) },
    );
  });

  it('never stops the checks before the first change', () => {
    fc.assert(
      fc.property(fc.constantFrom(...checks), fc.array(answer, { minLength: 4, maxLength: 4 }), (check, answers) => {
        const asks = file.nodes.flatMap((it) => check.asks(file, it.name));
        const known = new Map(asks.map((ask, i): [string, Answer] => [at(ask.on, ask.key), answers[i % 4] as Answer]));
        expect(Array.isArray(check.judge(file, worldIn(known, false)))).toBe(true);
      }),
      { numRuns: runs(200, 20_000) },
    );
  });

  it('never stops the undoing of what it says that was done, and has nothing undone elsewhere', () => {
    const turned = undoing(kinds);
    const some = fc.constantFrom(...new Set(resources.map((it) => it.kind)));
    fc.assert(
      fc.property(
        some,
        fc.array(answer, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        fc.gen(),
        (kind, answers, there, gen) => {
          const line = JSON.stringify({ ...JSON.parse(gen(record, 'evil/x@rig2')), kind, origin: 'created' });
          const [it] = toUndo(parseRecords({ host: 'rig2' }, line), kinds);
          if (!it) return;
          expect(it.on).toEqual({ host: 'rig2' });
          const asks = turned[it.kind]?.asks(it) ?? [];
          const known = new Map(
            asks.map((ask, i): [string, Answer] => [at(ask.on, ask.key), answers[i % 4] as Answer]),
          );
          const verdict = (turned[it.kind] as (typeof kinds)[string]).judge(it, worldIn(known, there));
          const places = verdict.verdict === 'change' ? verdict.moves.map((move) => move.on) : [];
          expect(places.filter((on) => typeof on === 'object' && on.host !== 'rig2')).toEqual([]);
          expect(places).not.toContain('workstation');
        },
      ),
      { numRuns: runs(200, 50_000) },
    );
  });

  it('counts for itself alone: what it claims of another place is not remembered', async () => {
    const claim = (id: string) =>
      JSON.stringify({ id, kind: 'member', on: 'x', spec: {}, state: 'done', origin: 'created' });
    const inventory = ['microk8s/member@rig1', 'microk8s/member@rig2', 'microk8s/rbac@cluster', 'node/x@old-name'];
    const exec = async (script: string) => {
      const count = Number(/^printf 'answers %d\\n%s' (\d+)/m.exec(script)?.[1]);
      const texts = Array.from({ length: count }, (_, i) => (i === 0 ? inventory.map(claim).join('\n') : ''));
      const number = (i: number) => String(i).padStart(4, '0');
      const lines = [
        `answers ${count}`,
        ...texts.map((_, i) => `${number(i)} 0`),
        ...texts.map((it, i) => `${it.length} ${number(i)}`),
      ];
      return { stdout: Buffer.from(`${lines.join('\n')}\n\n${texts.join('')}`), stderr: '', code: 0 };
    };
    const host = { exec, clock: realClock } as unknown as Host;
    const observer = new Observer(file, { node: () => host, workstation: host, close: async () => {} }, 1, {});
    await observer.observe([], ['rig2']);
    const { record } = observer.world(['rig2']);
    expect(inventory.filter((id) => record(id as Id))).toEqual(['microk8s/member@rig2', 'node/x@old-name']);
  });

  it('counts in the cluster for what lives there, and never for what the file keeps elsewhere', () => {
    const homes = {
      machines: ['rig1'],
      places: new Map<Id, string>([
        ['microk8s/member@rig1', 'rig1'],
        ['microk8s/labels@rig1', 'cluster'],
      ]),
      inCluster: new Set(['node-meta', 'proof']),
    };
    const known = (id: Id, kind: string) => mayKeep('cluster', { id, kind }, homes);
    expect(known('microk8s/labels@rig1', 'node-meta')).toBe(true);
    expect(known('storage/proof@rig1', 'proof')).toBe(true);
    expect(known('microk8s/member@rig1', 'node-meta')).toBe(false);
    expect(known('node/x@rig1', 'file')).toBe(false);
    expect(known('node/x@workstation', 'proof')).toBe(false);
    expect(mayKeep({ host: 'rig1' }, { id: 'microk8s/labels@rig1', kind: 'node-meta' }, homes)).toBe(false);
  });

  it('never stops the search for the lead', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 3, maxLength: 3 }), (texts) => {
        const facts = new Map(file.nodes.map((it, i) => [it.name, parseMembership(texts[i] ?? '')]));
        expect(findLead(file, facts, new Set(), new Set()).kind).toMatch(/^(lead|founder|refused)$/);
      }),
      { numRuns: runs(200, 20_000) },
    );
  });
});

function worldIn(answers: ReadonlyMap<string, Answer>, there: boolean, record?: InventoryRecord): World {
  const world = worldOf({ file, answers, records: record ? [record] : [], debts: ['reboot', 'x'] });
  return there ? { ...world, lead: 'rig1', identity: 'u1' } : { ...world, founder: 'rig1' };
}

describe('the kubeconfig of the lead', () => {
  const declared = resources.find((it) => it.kind === 'kubeconfig') as Declared;
  const judge = (mine: string, theirs: string): Verdict => {
    const known = new Map(
      [mine, theirs].map((it, i): [string, Answer] => {
        const ask = asksOf(declared)[i];
        return [at(ask?.on ?? 'cluster', ask?.key ?? ''), { kind: 'bytes', text: it, status: 0, cut: false }];
      }),
    );
    return (kinds.kubeconfig as (typeof kinds)[string]).judge(declared, worldIn(known, true));
  };
  const written = (verdict: Verdict): string => {
    const [move] = verdict.verdict === 'change' ? verdict.moves : [];
    const input = move && 'run' in move ? move.inputs?.kubeconfig : undefined;
    return input && 'secret' in input ? input.secret : '';
  };

  it('brings certificates and tokens only: no command, no path of a file', () => {
    const theirs = JSON.stringify({
      clusters: [
        { cluster: { 'certificate-authority-data': 'Q0E=', server: 'https://evil:1', 'proxy-url': 'http://evil' } },
      ],
      users: [
        {
          user: {
            'client-certificate-data': 'Q0VSVA==',
            'client-key-data': 'S0VZ',
            exec: { command: '/bin/evil', apiVersion: 'client.authentication.k8s.io/v1' },
            'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/evil' } },
            tokenFile: '/home/me/.ssh/id_ed25519',
            as: 'evil',
          },
        },
      ],
    });
    const config = written(judge('/home/me/.kube/config\n600\n', theirs));
    expect(config).toContain('client-key-data: S0VZ');
    expect(config).not.toMatch(/evil|exec|auth-provider|tokenFile|id_ed25519/);
    expect(config).toContain('https://192.168.1.11:16443');
  });

  it.each([
    [
      'references that unfold without end',
      `a: &a [x,x]\n${[...'bcdefghij'].map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefghi'[i]}`)}]`).join('\n')}`,
    ],
    ['brackets without end', '['.repeat(4_000_000)],
    ['brackets as deep as may be', '['.repeat(31_000)],
    ['nothing', ''],
    ['a sentence', 'This MicroK8s deployment is acting as a node in a cluster.'],
  ])('is waited for when it is %s', (_, theirs) => {
    expect(judge('/home/me/.kube/config\n600\n', theirs).verdict).toBe('settling');
  });

  it('says nothing of what stands in a damaged one of the user', () => {
    const pieces = fc.constantFrom(
      'users:\n',
      '- token: hunter2secret\n',
      '  hunter2secret',
      '*hunter2secret',
      '!hunter2secret x\n',
      '{',
      '[',
      '"hunter2secret',
      'a: b: hunter2secret\n',
      '%hunter2secret\n',
      '\t',
      '? ',
      '&',
      '---\n',
      '}',
      ']',
      '|hunter2secret\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 6 }), (all) => {
        const verdict = judge(`/home/me/.kube/config\n600\n${all.join('')}`, 'clusters: []');
        expect(JSON.stringify(verdict)).not.toContain('hunter2secret');
      }),
      { numRuns: runs(150, 10_000) },
    );
  });
});
