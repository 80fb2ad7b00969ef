import { expect, it } from 'vitest';
import { checkService } from '../../src/cli/visit.ts';
import type { Service } from '../../src/engine/types.ts';
import type { Problem, UserError } from '../../src/errors.ts';

const services = (...names: string[]): Service[] =>
  names.map((name) => ({ name, namespace: name, service: name, port: 80, web: true }));

function problemOf(...args: Parameters<typeof checkService>): Problem | undefined {
  try {
    checkService(...args);
  } catch (error) {
    return (error as UserError).problems[0];
  }
  return undefined;
}

it.each([
  ['kubeflow', 'add "kubeflow: {}" to the cluster file, then: mlk8s up'],
  ['opencost', 'add "cost: {}" to the cluster file, then: mlk8s up'],
  ['grafana', 'add "monitoring: {}" to the cluster file, then: mlk8s up'],
  ['redis', 'add "redis: {}" to the section databases of the cluster file, then: mlk8s up'],
])('says which section brings %s, with other services and without any', (name, next) => {
  const wanted = { seen: `the cluster file does not ask for ${name}`, next: [next] };
  expect(problemOf('mlk8s open', name, services('other'))).toMatchObject(wanted);
  expect(problemOf('mlk8s open', name, [])).toMatchObject(wanted);
  expect(problemOf('mlk8s open', name, services(name))).toBeUndefined();
});

it('guesses what a slip means, and does not ask for the section of a service that has no login', () => {
  expect(problemOf('mlk8s open', 'kubflow', services('kubeflow'))).toMatchObject({
    next: ['did you mean service kubeflow?', 'known are: kubeflow'],
  });
  expect(problemOf('mlk8s credentials', 'prometheus', services('grafana'), services('grafana', 'prometheus'))).toEqual(
    expect.objectContaining({ next: ['known are: grafana'] }),
  );
  expect(problemOf('mlk8s credentials', undefined, [])?.why).toContain('sections such as monitoring');
});
