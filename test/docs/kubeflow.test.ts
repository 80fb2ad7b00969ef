import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadCluster, parseCluster } from '../../src/config/load.ts';
import { checkNeeds } from '../../src/engine/judge.ts';
import { COMPONENTS } from '../../src/kubeflow/components.ts';
import { allReleases, type Release, releaseFor } from '../../src/kubeflow/releases.ts';
import { steps } from '../../src/steps/index.ts';
import { kubeflowStep } from '../../src/steps/kubeflow/index.ts';
import { templatePath } from '../../src/templates.ts';
import { blocks, pageOf, typedIn, understand } from './page.ts';

const page = pageOf('docs/kubeflow.md');
const [file = '', key = ''] = blocks(page, 'yaml');
const typed = typedIn(page);
const release = releaseFor('1.35/stable') as Release;

/** What stands in the cells of a table's rows that begin with a text. */
const rowsOf = (start: RegExp): string[][] =>
  page.split('\n').flatMap((line) => (start.test(line) ? [line.split('|').map((cell) => cell.trim())] : []));

describe('docs/kubeflow.md', () => {
  it.each(typed.filter((line) => line.startsWith('mlk8s ')))('%s: is understood', async (line) => {
    await understand(line.split(' ').slice(1));
  });

  it('has only commands that are tried here, or in a rehearsal', () => {
    expect(typed.filter((line) => !/^(mlk8s|kubectl|git|tar|sudo) /.test(line))).toEqual([]);
  });

  it('shows a cluster file that is right', () => {
    const { file: cluster, warnings } = parseCluster(Buffer.from(file), 'mlk8s.yaml');
    const all = steps.flatMap((step) => step.resources(cluster));
    expect(warnings).toEqual([]);
    expect(() => checkNeeds(all)).not.toThrow();
    expect(parse(file).kubeflow.users).toHaveLength(2);
  });

  it('shows a source that the file takes', () => {
    const { file: cluster } = parseCluster(Buffer.from(file + key), 'mlk8s.yaml');
    expect(cluster.kubeflow?.source).toBe('./kubeflow.tar.gz');
  });

  it('names each release with its tracks and its commit', () => {
    const rows = rowsOf(/^\| 1\.\d+/).map(([, tracks, version, commit]) => [tracks?.split(', '), version, commit]);
    expect(rows).toEqual(allReleases().map((it) => [it.tracks, it.version, `\`${it.commit}\``]));
  });

  it('says how all that is pinned gets into a folder', () => {
    const checkouts = typed.flatMap((line) => {
      const [, folder, commit] = /^git -C kubeflow\/?(\S*) checkout (\S+)$/.exec(line) ?? [];
      return folder === undefined ? [] : [[folder, commit]];
    });
    const extra = release.extra.map(({ into, from }) => [into, from.split('/').at(-1)]);
    expect(checkouts).toEqual([['', release.commit], ...extra]);
    for (const { into, from } of release.extra) {
      const [owner, name] = new URL(from).pathname.split('/').slice(1);
      expect(typed).toContain(`git clone https://github.com/${owner}/${name} kubeflow/${into}`);
    }
  });

  it('says what each component asks for', () => {
    const rows = rowsOf(/^\| `\w+`(, always there)? \| .* \| [\d.]* \| /).map(([, name = '', , ...figures]) => [
      /\w+/.exec(name)?.[0],
      ...figures.slice(0, 3),
    ]);
    const wanted = ['minimal', ...COMPONENTS].flatMap((name) => {
      const of = release.stages.filter(({ component = 'minimal' }) => component === name);
      const sum = (what: 'cpu' | 'memory' | 'disk') => of.reduce((all, { requests }) => all + (requests[what] ?? 0), 0);
      const memory = Math.ceil((sum('memory') * 10) / 1024) / 10;
      const [cores, gib, disk] = [(sum('cpu') / 1000).toFixed(2), `${memory.toFixed(1)} GiB`, sum('disk')];
      return of.length === 0 ? [] : [[name, cores, gib, disk === 0 ? 'none' : `${disk} GiB`]];
    });
    expect(rows).toEqual(wanted);
  });

  it('names the stages in their order', () => {
    const [line = ''] = page.split('\n').filter((it) => it.startsWith('`namespaces`, '));
    expect(line.match(/[\w-]+/g)).toEqual(release.stages.map(({ name }) => name));
  });

  it('takes what Istio left out of the network of pods, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlk8s-cni-'));
    const put = (name: string, types: readonly string[]) => {
      const plugins = types.map((type) => ({ type, kubernetes: { kubeconfig: '/a "b" $c' } }));
      writeFileSync(join(folder, name), JSON.stringify({ name: 'k8s-pod-network', cniVersion: '0.3.1', plugins }));
    };
    put('10-calico.conflist', ['calico', 'portmap', 'istio-cni']);
    const [look = '', mend = ''] = typed
      .filter((line) => line.startsWith('sudo '))
      .map((line) => line.replace('sudo ', '').replaceAll('/var/snap/microk8s/current/args/cni-network', folder));
    const run = (line: string) => spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stdout;
    const read = () => JSON.parse(readFileSync(join(folder, '10-calico.conflist'), 'utf8'));
    const before = read();
    expect(run(look)).toBe(`${folder}/10-calico.conflist\n`);
    run(mend);
    expect(read()).toEqual({ ...before, plugins: before.plugins.slice(0, 2) });
    expect(run(look)).toBe('');
    rmSync(folder, { recursive: true });
  });

  it('names what can be opened', () => {
    const { file: cluster } = parseCluster(Buffer.from(file), 'mlk8s.yaml');
    for (const { name } of kubeflowStep.services?.(cluster) ?? []) expect(typed).toContain(`mlk8s open ${name}`);
  });
});

it('the sample of a full lab needs only what is there', async () => {
  const { file: cluster, warnings } = await loadCluster(templatePath('samples', 'full-lab.yaml'));
  expect(warnings).toEqual([]);
  expect(() => checkNeeds(steps.flatMap((step) => step.resources(cluster)))).not.toThrow();
});
