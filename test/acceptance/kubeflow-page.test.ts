import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocks, pageOf, typedIn } from '../docs/page.ts';
import { type Typed, terminalPicture } from '../docs/terminal-picture.ts';
import { User } from './user.ts';

const page = pageOf('docs/kubeflow.md');
const [FILE = ''] = blocks(page, 'yaml');
const typed = typedIn(page);
/** `kubectl` as the page has it, on a control plane. */
const onPlane = (line: string) => line.replace(/^kubectl /, 'microk8s kubectl ');

const user = new User();
beforeAll(async () => {
  // With pipelines there is a database that removal leaves, with serving Knative's settings.
  user.file(
    FILE.replace('components: minimal', 'components: [pipelines, serving]').replace(
      'rig1',
      'rig1\n    labels: { lab/size: gpu }',
    ),
  );
  expect((await user.up()).problems).toEqual([]);
}, 240_000);
afterAll(() => user.leave());

/** What a command prints; one that goes on is ended. What is another one each time is made the same. */
async function shown(...args: string[]): Promise<Typed> {
  const { child, end } = user.start(...args);
  if (args[0] === 'open') child.stdout?.once('data', () => child.kill('SIGINT'));
  const { stdout, stderr } = await end;
  const printed = (stderr + stdout)
    .replace(/^.*(this machine does not know|This was a rehearsal|swap is on).*\n/gm, '')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:40123')
    .replace(/proved (just now|.* ago)/g, 'proved 5 minutes ago')
    .replace(/(\(|in )[\d.]+ s\b/g, '$15 s')
    .replace(/\b[A-Za-z0-9]{32}\b/g, 'x'.repeat(32));
  return { command: `mlk8s ${args.join(' ')}`, printed };
}

describe('docs/kubeflow.md', () => {
  it('shows what one sees, in docs/kubeflow.svg', async () => {
    await user.exec('rig1', 'microk8s kubectl -n auth delete deployment dex');
    user.env.NO_COLOR = '';
    user.env.FORCE_COLOR = '1';
    const seen = [
      await shown('up', '--only', 'kubeflow', '--yes', '--rehearse', '--fault', 'rig1:imagepull:dex'),
      await shown('up', '--only', 'kubeflow', '--yes', '--rehearse'),
      await shown('status', '--only', 'kubeflow', '--rehearse'),
      await shown('credentials', 'kubeflow', '--rehearse'),
      await shown('open', 'kubeflow', '--no-browser', '--rehearse'),
    ];
    user.env.NO_COLOR = '1';
    user.env.FORCE_COLOR = '0';
    // What a rehearsal says of itself is shown once.
    const once = seen.map((it, i) =>
      i === 0 ? it : { ...it, printed: it.printed.replace(/^.*Rehearsal: .*\n/m, '') },
    );
    const picture = terminalPicture(
      'mlk8s up, up again, status, credentials and open with Kubeflow in a rehearsal',
      once,
    );
    await expect(picture).toMatchFileSnapshot('../../docs/kubeflow.svg');
  }, 120_000);

  it('has kubectl do what it says', async () => {
    const notebook = {
      ...{ apiVersion: 'kubeflow.org/v1', kind: 'Notebook', metadata: { name: 'work', namespace: 'kubeflow-anna' } },
      spec: { template: { spec: { containers: [{ name: 'work', image: 'docker.io/a/b:1' }] } } },
    };
    await user.exec('rig1', `echo '${JSON.stringify(notebook)}' | microk8s kubectl apply -f -`);
    const lines = typed.filter((line) => line.startsWith('kubectl ') && !line.includes('delete'));
    for (const line of lines) await user.exec('rig1', onPlane(line));
    expect(lines).toHaveLength(5);
    const made = await user.exec('rig1', 'microk8s kubectl -n kubeflow-anna get notebook work -o yaml');
    expect(made).toContain('runtimeClassName: nvidia');
    expect((await user.run('credentials', 'kubeflow', '--rehearse')).stdout).toMatch(/ben@lab +another-one/);
    const run = await user.up();
    expect([run.problems, run.stdout]).toEqual([[], expect.stringContaining('"id":"kubeflow/passwords@cluster"')]);
    // As the page has it of a Profile that was changed by hand.
    expect(run.stdout).toContain('"id":"kubeflow/profile-anna@cluster"');
    // It is not undone: what somebody adds to an object of Kubeflow's stays.
    const knative = await user.exec('rig1', 'microk8s kubectl -n knative-serving get cm config-deployment -o yaml');
    expect(knative).toContain('registry.local:32000');
  }, 120_000);

  it('applies a stage anew when what is noted of it is taken away', async () => {
    const config = 'microk8s kubectl -n auth get configmap dex -o yaml';
    await user.exec(
      'rig1',
      `microk8s kubectl -n auth patch configmap dex --type merge -p '{"data":{"config.yaml":"x"}}'`,
    );
    expect((await user.up()).summary).toMatchObject({ exitCode: 0, changes: 0 });
    for (const line of typed.filter((it) => it.includes('delete configmap'))) await user.exec('rig1', onPlane(line));
    expect((await user.up()).problems).toEqual([]);
    expect(await user.exec('rig1', config)).toContain('anna@home.lab');
  }, 120_000);

  it('explains a stage whose manifests somebody changed, and mends it as it says', async () => {
    const changed = 'common/dex/overlays/oauth2-proxy/kustomization.yaml';
    await user.exec(
      'rig1',
      `sed -i 's|^resources:|&\\n- https://github.com/a/b?ref=v1|' /var/lib/mlk8s/kubeflow/*/${changed}`,
    );
    await user.exec('rig1', 'microk8s kubectl -n auth delete service dex');
    const run = await user.up();
    const failed = run.events.find((it) => it.event === 'failed' && it.id === 'kubeflow/dex@cluster');
    const remedy = 'sudo rm -r /var/lib/mlk8s/kubeflow';
    expect(failed).toMatchObject({
      problem: {
        why: expect.stringContaining('names something on the internet'),
        next: expect.arrayContaining([expect.stringContaining(remedy)]),
      },
    });
    await user.exec('rig1', remedy);
    expect((await user.up()).problems).toEqual([]);
  }, 120_000);

  it('takes all of it away as it says', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } };
    const metadata = { name: 'work', namespace: 'kubeflow-ben' };
    const object = JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim });
    await user.exec('rig1', `echo '${object}' | microk8s kubectl apply -f -`);
    user.file(user.readFile().replace(/kubeflow:\n[\s\S]*/, ''));
    expect((await user.up('--prune')).problems.join('\n')).toContain('kubeflow-ben holds data');
    const [line = ''] = typed.filter((it) => it.includes('--delete-data kubeflow-anna'));
    expect((await user.up(...line.split(' ').slice(2))).problems).toEqual([]);
    const left = () => user.exec('rig1', 'microk8s kubectl get ns -o name');
    expect((await left()).match(/\S*(kubeflow|istio|knative|auth)\S*/g)).toEqual(['namespace/kubeflow']);
    for (const it of typed.filter((it) => it.startsWith('kubectl delete'))) await user.exec('rig1', onPlane(it));
    expect(await left()).not.toContain('kubeflow');
  }, 180_000);
});
