import { describe, expect, test } from 'vitest';
import { eventAsTyped, type Typing, textAsTyped } from '../../src/cli/typed.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { UserError } from '../../src/errors.ts';
import { CLUSTER, finish, freshWorld } from './world.ts';

const world = freshWorld();
const rehearsed = { rehearsal: true, program: 'mlk8s' };
const real = { rehearsal: false, program: 'mlk8s' };
const npx = { rehearsal: false, program: 'npx mlk8s' };

describe('in a rehearsal', () => {
  test.each([
    ['mlk8s up --wipe-node rig2', 'mlk8s up --rehearse --wipe-node rig2'],
    ['or give it up: mlk8s up --wipe-node rig2', 'or give it up: mlk8s up --rehearse --wipe-node rig2'],
    ['npx mlk8s up --yes', 'npx mlk8s up --rehearse --yes'],
    ['mlk8s logs   shows the whole output', 'mlk8s logs --rehearse   shows the whole output'],
    ['the next mlk8s up follows it', 'the next mlk8s up --rehearse follows it'],
    ['mlk8s plan, then mlk8s up', 'mlk8s plan --rehearse, then mlk8s up --rehearse'],
    ['mlk8s status\nmlk8s up --rehearse', 'mlk8s status --rehearse\nmlk8s up --rehearse'],
    ['mlk8s add-node 10.0.0.9 --name rig9', 'mlk8s add-node --rehearse 10.0.0.9 --name rig9'],
    [
      'mlk8s open grafana; its login: mlk8s credentials',
      'mlk8s open --rehearse grafana; its login: mlk8s credentials --rehearse',
    ],
    ['mlk8s alert test --severity info', 'mlk8s alert test --rehearse --severity info'],
  ])('%j is %j', (text, wanted) => {
    expect(textAsTyped(text, rehearsed)).toBe(wanted);
    expect(textAsTyped(wanted, rehearsed)).toBe(wanted);
    expect(textAsTyped(text, real)).toBe(text);
  });

  test.each([
    'mlk8s up --yes --rehearse',
    'mlk8s up without --rehearse too',
    'mlk8s up --help shows what there is',
    'mlk8s rehearsal reset',
    'mlk8s init writes one',
    'run the same mlk8s command again',
    'mlk8s upholds nothing',
    'look at /etc/mlk8s up there',
  ])('%j stays', (text) => {
    expect(textAsTyped(text, rehearsed)).toBe(text);
  });
});

test.each([
  ['mlk8s init writes one', 'npx mlk8s init writes one'],
  ['mlk8s --help shows what there is', 'npx mlk8s --help shows what there is'],
  ['npx mlk8s up', 'npx mlk8s up'],
  ['this is a fault of mlk8s', 'this is a fault of mlk8s'],
])('started by npx, %j is %j', (text, wanted) => {
  expect(textAsTyped(text, npx)).toBe(wanted);
});

test.each([
  ['mlk8s up --wipe-node rig2', "mlk8s up -f 'my lab.yaml' --wipe-node rig2"],
  ['mlk8s logs --last 1', "mlk8s logs -f 'my lab.yaml' --last 1"],
  ['name the file: mlk8s reset -f FILE', 'name the file: mlk8s reset -f FILE'],
  ['mlk8s init writes one', 'mlk8s init writes one'],
])('with a named cluster file, %j is %j', (text, wanted) => {
  expect(textAsTyped(text, { ...real, file: 'my lab.yaml' })).toBe(wanted);
});

test('every event that holds a remedy is looked through', () => {
  const next = ['mlk8s up --wipe-node rig2'];
  const problem = { where: 'rig2', seen: 'it ran mlk8s up once', next };
  const summary = { event: 'summary', notes: next } as unknown as EngineEvent;
  const events: readonly EngineEvent[] = [
    { event: 'problem', problem },
    { event: 'failed', id: 'a/x@rig2', problem, tail: ['mlk8s up'] },
    { event: 'dropped', host: 'rig2', problem },
    { event: 'plan', items: [{ id: 'a/x@rig2', verdict: 'refused', because: 'so', problem, warning: next[0] ?? '' }] },
    { event: 'warning', where: 'rig2', text: next[0] ?? '' },
    { event: 'interrupt', text: next[0] ?? '' },
    summary,
  ];
  for (const event of events) {
    const text = JSON.stringify(eventAsTyped(event, rehearsed));
    expect(text).toContain('mlk8s up --rehearse --wipe-node rig2');
    expect(text).not.toContain('mlk8s up --wipe-node');
  }
  expect(JSON.stringify(eventAsTyped(events[1] ?? summary, rehearsed))).toContain('"tail":["mlk8s up"]');
});

test('what is said of the workstation is not for your own computer when it is simulated', () => {
  const items = ['network/names@workstation', 'node/x@rig1'].map(
    (id) =>
      ({ id, verdict: 'ok', because: 'so', warning: "type: echo '10.0.0.1 a' | sudo tee -a /etc/hosts" }) as const,
  );
  const warnings = (typing: Typing) => {
    const event = eventAsTyped({ event: 'plan', items } as EngineEvent, typing);
    return event.event === 'plan' ? event.items.map(({ warning }) => warning) : [];
  };
  expect(warnings(real)).toEqual(items.map(({ warning }) => warning));
  expect(warnings(rehearsed)).toEqual([
    "simulated, leave your own computer as it is: type: echo '10.0.0.1 a' | sudo tee -a /etc/hosts",
    items[1]?.warning,
  ]);
});

describe('a remedy of a rehearsal', () => {
  const problem = { where: 'rig2', seen: 'it has a cluster of its own', next: ['mlk8s up --wipe-node rig2'] };

  test.each([[[]], [['--json']]])('is safe to paste with %j', async (flags) => {
    world().write('mlk8s.yaml', CLUSTER);
    world().engine = {
      plan: async (options) => {
        options.listener({ event: 'problem', problem });
        return finish(options, { exitCode: 1 });
      },
    };
    const { out } = await world().mlk8s('plan', '--rehearse', ...flags);
    expect(out).toContain('mlk8s up --rehearse --wipe-node rig2');
    const { out: kept } = await world().mlk8s('logs', '--last', '1', '--rehearse', '--json');
    expect(kept).toContain('mlk8s up --rehearse --wipe-node rig2');
  });

  test('is so in JSON when it ends the command', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().engine = { plan: async () => Promise.reject(new UserError(problem)) };
    const { out } = await world().mlk8s('plan', '--rehearse', '--json');
    expect(out).toContain('mlk8s up --rehearse --wipe-node rig2');
  });

  test('is as it was for real machines', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().engine = { plan: async () => Promise.reject(new UserError(problem)) };
    expect((await world().mlk8s('plan', '--json')).out).toContain('"mlk8s up --wipe-node rig2"');
  });
});

test('closing lines are as the program was started', async () => {
  world().write('mlk8s.yaml', CLUSTER);
  world().env = { npm_command: 'exec' };
  expect((await world().mlk8s('plan')).out).toContain('To make the changes: npx mlk8s up\n');
});
