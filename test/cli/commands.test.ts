import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { UpOptions } from '../../src/engine/options.ts';
import { UserError } from '../../src/errors.ts';
import { secrets } from '../../src/redact.ts';
import { CLUSTER, finish, freshWorld } from './world.ts';

const world = freshWorld();

describe('flags reach the engine', () => {
  test('of plan', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const args = ['--only', 'node', '--skip', 'storage', '--host', 'rig1', '--host', 'rig2', '--parallel', '3'];
    const { code } = await world().mlk8s('plan', ...args);
    expect(code).toBe(2);
    expect(world().asked[0]).toMatchObject({
      command: 'plan',
      only: ['node'],
      skip: ['storage'],
      limitHosts: ['rig1', 'rig2'],
      parallel: 3,
    });
  });

  test('of up', async () => {
    world().write('other.yaml', CLUSTER);
    const args = ['-f', 'other.yaml', '--yes', '--lock-wait', '60', '--wipe-node', 'rig2', '--accept-new-host-keys'];
    const { code } = await world().mlk8s('up', ...args);
    expect(code).toBe(0);
    expect(world().asked[0]).toMatchObject({ lockWaitS: 60, wipeNodes: ['rig2'], parallel: 10, only: [] });
    expect(world().wishes[0]).toMatchObject({ acceptNewHostKeys: true, rehearsal: false });
    expect(world().closed).toBe(1);
  });

  test('of a rehearsal', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { out } = await world().mlk8s('status', '--rehearse', '--fault', 'rig2:drop@exec2', '--fault', 'rig1:slow');
    expect(world().wishes[0]).toMatchObject({ rehearsal: true, faults: ['rig2:drop@exec2', 'rig1:slow'] });
    expect(out).toContain('! Rehearsal: the machines are simulated.');
    expect(out).toContain('no real machine was touched');
  });
});

describe('before up changes anything', () => {
  test('without a terminal and without --yes it says that it cannot ask', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code, error, out } = await world().mlk8s('up');
    expect(code).toBe(1);
    expect(out).toContain('~ change   node/hosts');
    expect(error?.problems[0]?.seen).toContain('nothing was changed');
    expect(error?.problems[0]?.next[0]).toContain('--yes');
    expect(world().closed).toBe(1);
  });

  test.each([
    ['y\n', 0],
    ['yes\n', 0],
    ['n\n', 2],
    ['\n', 2],
  ])('it takes the answer %j', async (typed, wanted) => {
    world().write('mlk8s.yaml', CLUSTER);
    world().typed = typed;
    expect((await world().mlk8s('up')).code).toBe(wanted);
  });

  test('with --json it does not ask', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().typed = 'y\n';
    expect((await world().mlk8s('up', '--json')).code).toBe(1);
  });
});

describe('errors', () => {
  test.each([
    [['stauts'], "unknown command 'stauts'", 'did you mean status?'],
    [['up', '--paralel', '3'], "unknown option '--paralel'", 'did you mean --parallel?'],
    [['up', '--parallel', '0'], 'It must be a whole number, 1 or more.', 'mlk8s up --help'],
    [['open', 'grafana', '--port', '65536'], 'It must be a whole number, from 1 to 65535.', 'mlk8s open --help'],
    [['up', '--lock-wait', 'x'], 'It must be a whole number, 0 or more.', 'mlk8s up --help'],
    [['up', '--only', 'storge'], 'there is no "storge"', 'did you mean --only storage?'],
    [['plan', '--skip', 'nod'], 'there is no "nod"', 'did you mean --skip node?'],
    [['plan', '--host', 'rig3'], 'there is no "rig3"', 'did you mean --host rig'],
    [['up', '--wipe-node', 'ri2'], 'there is no "ri2"', 'did you mean --wipe-node rig2?'],
    [['kubeconfig', '--help'], "unknown command 'kubeconfig'", 'mlk8s --help'],
    [['rehearsal', 'exce', '--help'], "unknown command 'exce'", 'mlk8s rehearsal --help'],
    [['rehearsal', 'exec', 'rig2'], "missing required argument 'command'", 'mlk8s rehearsal exec --help'],
    [['plan', 'extra'], 'too many arguments', 'mlk8s plan --help'],
    [['add-node', '10.0.0.103'], "required option '--name <name>' not specified", 'mlk8s add-node --help'],
    [['add-node', '10.0.0.103', '--name', 'rig3', '--role', 'master'], 'Allowed choices are', 'add-node --help'],
    [['cost', '--plot', 'cost.png'], 'The picture is SVG: its name must end in .svg.', 'mlk8s cost --help'],
    [['logs', '--last', '0'], 'It must be a whole number, 1 or more.', 'mlk8s logs --help'],
    [['rehearsal', 'exec', 'rig3', '--', 'true'], 'there is no "rig3"', 'rig1, rig2'],
  ])('%j', async (args, seen, next) => {
    world().write('mlk8s.yaml', CLUSTER);
    const { code, error } = await world().mlk8s(...args);
    expect(code).toBe(1);
    expect(error?.problems[0]?.seen).toContain(seen);
    expect(error?.problems[0]?.next.join('\n')).toContain(next);
    expect(world().asked).toEqual([]);
  });

  const AT_HOME = `${CLUSTER}devbox: { user: anna }\n`;
  const ON_RIG1 = `${CLUSTER}devbox: { host: rig1, user: anna }\n`;
  test.each([
    [AT_HOME, ['plan', '--host', 'workstation'], 'as the devbox it has another name', 'write devbox instead'],
    [ON_RIG1, ['plan', '--host', 'devbox'], 'the devbox is rig1', 'write rig1 instead'],
    [CLUSTER, ['reset', '--host', 'devbox'], 'the cluster file has no section devbox', 'mlk8s plan --prune shows'],
    [ON_RIG1, ['rehearsal', 'exec', 'devbox', '--', 'true'], 'the devbox is rig1', 'write rig1 instead'],
  ])('a devbox by another name: %#', async (text, args, why, next) => {
    world().write('mlk8s.yaml', text);
    const { error } = await world().mlk8s(...args);
    expect(error?.problems[0]?.why).toContain(why);
    expect(error?.problems[0]?.next[0]).toContain(next);
  });

  test('no cluster file is exit code 3', async () => {
    const { code, error } = await world().mlk8s('status');
    expect(code).toBe(3);
    expect(error?.problems[0]?.next[0]).toContain('mlk8s init');
  });

  test('a wrong cluster file is exit code 3, with file and line', async () => {
    world().write('mlk8s.yaml', CLUSTER.replace('10.0.0.102', '10.0.0.999'));
    const { code, error } = await world().mlk8s('plan');
    expect(code).toBe(3);
    expect(error?.problems[0]?.where).toMatch(/mlk8s\.yaml:8:\d+$/);
  });

  test('exit codes of the engine are passed on', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().engine = { up: async (options: UpOptions) => finish(options, { exitCode: 5 }) };
    expect((await world().mlk8s('up', '--yes')).code).toBe(5);
  });
});

describe('--json', () => {
  test('writes events alone, the summary last', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const { out } = await world().mlk8s('up', '--yes', '--json', '--rehearse');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { v: number; event: string });
    expect(events.map((it) => it.event)).toEqual(['start', 'plan', 'summary']);
    expect(events.every((it) => it.v === 1)).toBe(true);
    expect(events.at(-1)).toMatchObject({ applied: 1, rehearsal: true, exitCode: 0 });
  });

  test('ends with a summary when nothing could be done', async () => {
    const { out, code } = await world().mlk8s('plan', '--json');
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(code).toBe(3);
    expect(events.map((it) => it.event)).toEqual(['problem', 'summary']);
    expect(events.at(-1)).toMatchObject({ exitCode: 3, command: 'plan' });
  });
});

describe('the journal', () => {
  const journal = (): string => join(world().folder, 'state', 'mlk8s', 'journal', 'home-lab');

  test('is for the user alone', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    await world().mlk8s('plan');
    const [name = ''] = readdirSync(journal());
    expect(statSync(join(journal(), name)).mode & 0o777).toBe(0o600);
    expect(statSync(journal()).mode & 0o777).toBe(0o700);
  });

  test('keeps what ended the run, and no secret', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    secrets.add('hunter2-hunter2');
    const problem = { where: 'rig1', seen: 'password hunter2-hunter2 is wrong', next: [] };
    world().engine = { plan: async () => Promise.reject(new UserError(problem)) };
    await world().mlk8s('plan');
    const { out } = await world().mlk8s('logs', '--last', '1', '--json');
    expect(out).toContain('password *** is wrong');
  });

  test('keeps fifty runs, lists them and shows one', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    for (let i = 0; i < 52; i++) await world().mlk8s('plan');
    expect(readdirSync(journal())).toHaveLength(50);
    const { out } = await world().mlk8s('logs');
    expect(out.trimEnd().split('\n')).toHaveLength(50);
    const run = out.split(' ')[0] ?? '';
    expect((await world().mlk8s('logs', run)).out).toMatch(
      /^\d\d:\d\d:\d\d {2}mlk8s plan: cluster home-lab, 2 machines/,
    );
    expect((await world().mlk8s('logs', '--last', '51')).error?.problems[0]?.seen).toContain('only 50');
  });

  test('of a rehearsal is another one', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    await world().mlk8s('plan', '--rehearse');
    expect((await world().mlk8s('logs')).error?.problems[0]?.seen).toContain('no run is kept');
    expect((await world().mlk8s('logs', '--rehearse')).code).toBe(0);
  });

  test('that cannot be written stops nothing', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    world().write('state', 'a file where the folder should be');
    const { code, out } = await world().mlk8s('plan');
    expect(code).toBe(2);
    expect(out).toContain('no journal is kept of this run');
  });
});

describe('rehearsal', () => {
  test('exec passes arguments and the exit code on', async () => {
    world().write('mlk8s.yaml', CLUSTER);
    const calls: unknown[] = [];
    const exec = async (...call: unknown[]) => calls.push(call) + 41;
    world().parts = {
      rehearsal: async () => ({ exec, dump: async () => ({ a: 1 }), reset: async () => ['home-lab'] }),
    };
    expect((await world().mlk8s('rehearsal', 'exec', 'rig2', '--', 'ls', '-l', '--json')).code).toBe(42);
    expect(calls).toEqual([['home-lab', 'rig2', ['ls', '-l', '--json']]]);
    expect((await world().mlk8s('rehearsal', 'dump', '--json')).out).toBe('{"a":1}\n');
    expect((await world().mlk8s('rehearsal', 'reset')).out).toContain('no real machine was touched');
  });

  test('reset --all needs no cluster file that is right', async () => {
    world().write('mlk8s.yaml', CLUSTER.replace('10.0.0.102', '10.0.0.999').replace('name: home-lab', 'name: "?"'));
    const asked: unknown[] = [];
    const reset = async (cluster?: string) => {
      asked.push(cluster);
      return asked.length === 1 ? ['attic', 'home-lab'] : [];
    };
    world().parts = { rehearsal: async () => ({ exec: async () => 0, dump: async () => ({}), reset }) };
    const { code, error } = await world().mlk8s('rehearsal', 'reset');
    expect(code).toBe(3);
    expect(error?.problems.length).toBeGreaterThan(1);
    expect(error?.problems.at(-1)?.next.at(-1)).toContain('mlk8s rehearsal reset --all');
    expect(asked).toEqual([]);
    expect((await world().mlk8s('rehearsal', 'reset', '--all')).out).toContain('machines of attic, home-lab are gone');
    expect((await world().mlk8s('rehearsal', 'reset', '--all')).out).toContain('There are no simulated machines');
    expect(asked).toEqual([undefined, undefined]);
  });
});
