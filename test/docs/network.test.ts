import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { loadCluster, parseCluster } from '../../src/config/load.ts';
import { checkNeeds } from '../../src/engine/judge.ts';
import { steps } from '../../src/steps/index.ts';
import { templatePath } from '../../src/templates.ts';
import { realTools } from '../real-tools.ts';

const page = readFileSync(new URL('../../docs/network.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, is, body = '']) => (is === language ? body : []));
const typed = blocks('sh').flatMap((block) => block.trim().split('\n'));
const [file = '', object = ''] = blocks('yaml');

const named = (resources: readonly { readonly id: string }[]) =>
  resources.map(({ id }) => id).filter((id) => id.startsWith('network/ingress-'));

describe('docs/network.md', () => {
  it.each(typed)('%s: is understood', async (line) => {
    const nowhere = { write: () => true, isTTY: false };
    const io = { stdin: process.stdin, stdout: nowhere, stderr: nowhere, env: {}, cwd: '/' };
    const program = createProgram({ io, parts: {}, finish: () => {} } as unknown as Context);
    const disarm = (command: Command): void => {
      if (command.commands.length === 0) command.action(() => {});
      for (const each of command.commands) disarm(each);
    };
    disarm(program);
    const [name, ...args] = line.replace(/ >.*/, '').split(' ');
    expect(name).toBe('mlk8s');
    await program.parseAsync(args, { from: 'user' });
  });

  it('shows a cluster file that is right, with the names that it speaks of', () => {
    const { file: cluster, warnings } = parseCluster(Buffer.from(file), 'mlk8s.yaml');
    const all = steps.flatMap((step) => step.resources(cluster));
    expect(warnings).toEqual([]);
    expect(() => checkNeeds(all)).not.toThrow();
    for (const name of ['grafana', 'prometheus', 'alertmanager']) {
      expect(named(all)).toContain(`network/ingress-${name}@cluster`);
    }
  });

  it('shows an Ingress that the real kubectl reads', () => {
    const words = ['annotate', '--local', '-f', '-', '-o', 'name', 'parsed=yes'];
    const env = { HOME: tmpdir() };
    const out = execFileSync(`${realTools()}/kubectl`, words, { input: object, encoding: 'utf8', env });
    expect(out).toBe('ingress.networking.k8s.io/films\n');
  });
});

it('the sample of a home lab asks for names without a warning, and needs only what is there', async () => {
  const { file: cluster, warnings } = await loadCluster(templatePath('samples', 'home-lab.yaml'));
  const all = steps.flatMap((step) => step.resources(cluster));
  expect(warnings).toEqual([]);
  expect(() => checkNeeds(all)).not.toThrow();
  expect(named(all).length).toBeGreaterThan(0);
});
