import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseCluster } from '../../src/config/load.ts';
import { STORAGE_CLASSES } from '../../src/config/storage-classes.ts';
import { storageStep } from '../../src/steps/storage/index.ts';
import { namesByKubectl, realTools } from '../real-tools.ts';
import { Lab } from '../rehearsal/model/microk8s/harness.ts';
import { blocks, pageOf, typedIn, understand } from './page.ts';

const page = pageOf('docs/storage.md');
const typed = typedIn(page);
const of = (program: string) =>
  typed.filter((line) => line.startsWith(`${program} `)).map((line) => line.split(' ').slice(1));
const [file = '', objects = ''] = blocks(page, 'yaml');

describe('docs/storage.md', () => {
  it('has only commands that are tried here', () => {
    expect(typed.filter((line) => !/^(mlk8s|kubectl|docker) /.test(line))).toEqual([]);
    expect([of('mlk8s').length, of('kubectl').length]).toEqual([4, 5]);
  });

  it.each(of('mlk8s').map((args) => [args.join(' '), args] as const))('mlk8s %s: is understood', async (_, args) => {
    await understand(args);
  });

  it('shows a cluster file that is right, with all that it says of it', () => {
    const { file: cluster } = parseCluster(Buffer.from(file), 'mlk8s.yaml');
    const ids = storageStep.resources(cluster).map((it) => it.id);
    expect(ids).toEqual(expect.arrayContaining(['storage/openebs@cluster', 'storage/registry@cluster']));
  });

  it('names every class once in its table', () => {
    const named = [...page.matchAll(/^\| `\w+`(?: \(on by default\))? \| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual([...STORAGE_CLASSES].sort());
  });

  it('shows objects that the real kubectl reads', () => {
    expect(namesByKubectl(objects)).toEqual(['persistentvolumeclaim/films', 'pod/player']);
    expect(parseAllDocuments(objects)).toHaveLength(2);
  });
});

it('lets a reader make a Deployment that the real kubectl understands', () => {
  const made = of('kubectl').filter(([verb]) => verb === 'create');
  const out = made.map((args) =>
    execFileSync(`${realTools()}/kubectl`, [...args, '--dry-run=client', '-o', 'name'], {
      encoding: 'utf8',
      env: { HOME: tmpdir() },
    }),
  );
  expect(out).toEqual(['deployment.apps/my-app\n']);
});

describe('what it lets a reader type to kubectl', () => {
  const lab = new Lab();
  const run = (args: readonly string[]) => lab.mk('cp1', ['kubectl', ...args]);
  beforeAll(async () => {
    await lab.ready('cp1');
    const off = { enabled: false };
    const values = { engines: { local: { lvm: off, zfs: off }, replicated: { mayastor: off } }, loki: off, alloy: off };
    const words = 'helm3 upgrade openebs openebs --repo https://openebs.github.io/openebs --install -n openebs';
    await lab.mk('cp1', `${words} --create-namespace -f -`, { stdin: JSON.stringify(values) });
    lab.pass(120);
    lab.filesOf('cp1').write('/root/films.yaml', objects);
  });

  it('works in its order, and the claim is bound with its pod', async () => {
    // Deployments from the command line are not in the model: the real kubectl reads that one.
    for (const args of of('kubectl').filter(([verb]) => verb !== 'create')) {
      expect(await run(args), args.join(' ')).toMatchObject({ code: 0, err: '' });
      if (args[0] !== 'apply') continue;
      lab.pass(60);
      expect((await run(['get', 'pvc', 'films', '-o', 'jsonpath={.status.phase}'])).out).toBe('Bound');
    }
    expect((await run(['get', 'pv', '-o', 'name'])).out).toBe('');
  });
});
