import { describe, expect, it } from 'vitest';
import { loadCluster, parseCluster } from '../../src/config/load.ts';
import { checkNeeds } from '../../src/engine/judge.ts';
import { steps } from '../../src/steps/index.ts';
import { templatePath } from '../../src/templates.ts';
import { namesByKubectl } from '../real-tools.ts';
import { blocks, pageOf, typedIn, understand } from './page.ts';

const page = pageOf('docs/network.md');
const [file = '', object = ''] = blocks(page, 'yaml');

const named = (resources: readonly { readonly id: string }[]) =>
  resources.map(({ id }) => id).filter((id) => id.startsWith('network/ingress-'));

describe('docs/network.md', () => {
  it.each(typedIn(page))('%s: is understood', async (line) => {
    const [name, ...args] = line.replace(/ >.*/, '').split(' ');
    expect(name).toBe('mlk8s');
    await understand(args);
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
    expect(namesByKubectl(object)).toEqual(['ingress.networking.k8s.io/films']);
  });
});

it('the sample of a home lab asks for names without a warning, and needs only what is there', async () => {
  const { file: cluster, warnings } = await loadCluster(templatePath('samples', 'home-lab.yaml'));
  const all = steps.flatMap((step) => step.resources(cluster));
  expect(warnings).toEqual([]);
  expect(() => checkNeeds(all)).not.toThrow();
  expect(named(all).length).toBeGreaterThan(0);
});
