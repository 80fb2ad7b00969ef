import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCluster } from '../../src/config/load.ts';
import { ExitCode } from '../../src/errors.ts';
import { type Run, User } from '../acceptance/user.ts';
import { blocks, pageOf, typedIn, understand } from './page.ts';

const readme = pageOf('README.md');
const packageJson = JSON.parse(pageOf('package.json'));

/** What the page lets a reader type besides mlk8s and the scripts of the package. */
const OTHERS = [
  'npm ci',
  'alias mlk8s="$PWD/bin/mlk8s.js"',
  'mkdir -p ~/home-lab && cd ~/home-lab',
  'kubectl --context home-lab get nodes',
];

interface Typed {
  readonly text: string;
  /** After the name of the command, when it is mlk8s. */
  readonly args: readonly string[] | undefined;
  readonly exitCode: number | undefined;
}

function section(title: string): string {
  const from = readme.indexOf(`\n## ${title}\n`);
  if (from < 0) throw new Error(`README.md has no section "${title}"`);
  const to = readme.indexOf('\n## ', from + 1);
  return readme.slice(from, to < 0 ? undefined : to);
}

function typed(line: string): Typed {
  const [text = '', comment = ''] = line.split(/\s+# /);
  const [, rest] = /^(?:npx )?mlk8s (.*)$/.exec(text) ?? [];
  const code = /exit code (\d+)/.exec(comment)?.[1];
  return { text, args: rest?.split(' '), exitCode: code === undefined ? undefined : Number(code) };
}

const commandsIn = (text: string): Typed[] => typedIn(text).map(typed);

/** Commands of mlk8s between backquotes, such as `mlk8s up --wipe-node rig2`. */
function commandsInWords(text: string): Typed[] {
  return [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`((?:npx )?mlk8s [^`]+)`/g)].map(([, it = '']) =>
    typed(it),
  );
}

describe('commands of README.md', () => {
  const all = [...commandsIn(readme), ...commandsInWords(readme)];
  const ofMlk8s = all.flatMap(({ text, args }) => (args ? [{ text, args }] : []));

  it.each(ofMlk8s)('$text: is understood', async ({ args }) => {
    await understand(args);
  });

  it('are not understood when they are wrong', async () => {
    await expect(understand(['up', '--rehearsal'])).rejects.toThrow('unknown option');
    await expect(understand(['add-node', '--name', 'rig6'])).rejects.toThrow('missing required argument');
  });

  it('are otherwise scripts of the package, or known here', () => {
    const scripts = Object.keys(packageJson.scripts).map((name) => `npm run ${name}`);
    const known = [...OTHERS, ...scripts, 'npm test'];
    expect(all.filter(({ text, args }) => !args && !known.includes(text)).map(({ text }) => text)).toEqual([]);
  });
});

describe('Try it without machines', () => {
  const user = new User();
  const runs: { command: Typed; run: Run }[] = [];

  beforeAll(async () => {
    // The page uses the sample with five machines; two are enough to see that each command works, and faster.
    user.file({ sample: 'two-nodes' });
    for (const command of commandsIn(section('Try it without machines'))) {
      if (command.args) runs.push({ command, run: await user.run(...command.args) });
    }
  });
  afterAll(() => user.leave());

  const outputOf = (text: string): string[] => {
    return runs.flatMap(({ command, run }) => (command.text === text ? run.stdout.split('\n') : []));
  };

  it('ends each command as the page says, else with 0', () => {
    const ended = runs.map(({ command, run }) => `${command.text}: ${run.code}`);
    expect(ended).toEqual(runs.map(({ command }) => `${command.text}: ${command.exitCode ?? 0}`));
    expect(ended.length).toBeGreaterThanOrEqual(10);
  });

  it('has the plan say what the page shows', () => {
    const [shown = ''] = blocks(section('Try it without machines'), 'text');
    expect(missing(shown, outputOf('npx mlk8s plan --rehearse'))).toEqual([]);
  });

  it('adds the machine', () => {
    expect(runs.find(({ command }) => command.text.includes('get nodes'))?.run.stdout).toMatch(/^rig6 +Ready/m);
  });

  it('shows what a run prints', () => {
    const [shown = ''] = blocks(section('What a run looks like'), 'text');
    expect(missing(shown, outputOf('npx mlk8s up --rehearse --yes'))).toEqual([]);
  });
});

/** Lines of the page that nobody printed. A line may end in "…"; times differ from run to run. */
function missing(shown: string, printed: readonly string[]): string[] {
  const lines = printed.map(timeless);
  return shown.split('\n').filter((line) => {
    const [start = '', cut] = timeless(asInPipe(line)).split('…');
    return !lines.some((each) => (cut === undefined ? each === start : each.startsWith(start)));
  });
}

/** The page shows the output on a terminal. In a pipe a thing that is done has another form. */
function asInPipe(line: string): string {
  return line.replace(/^✓ done {2}(\S+ \S+): (.*) \(.*\)$/, '$1: ok: $2');
}

function timeless(line: string): string {
  return line.replace(/ \([\d.]+ s\)$/, '');
}

describe('what README.md says', () => {
  it('names every exit code and its meaning', () => {
    const rows = [...section('Exit codes').matchAll(/^\| (\d+) +\| (\w+)/gm)].map(([, code, name]) => [
      name,
      Number(code),
    ]);
    expect(Object.fromEntries(rows)).toEqual(ExitCode);
  });

  it('shows a cluster file that is right', () => {
    const [file = ''] = blocks(section('The cluster file'), 'yaml');
    expect(parseCluster(Buffer.from(file), 'mlk8s.yaml').file.nodes).toHaveLength(2);
  });

  it('shows a summary that is JSON', () => {
    const [json = ''] = blocks(section('For scripts'), 'json');
    expect(JSON.parse(json)).toMatchObject({ v: 1, event: 'summary' });
  });

  it('keeps its lines short', () => {
    expect(readme.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
