import { describe, expect, test } from 'vitest';
import type { PlanItem } from '../../src/engine/events.ts';
import type { Id } from '../../src/engine/types.ts';
import { grouped } from '../../src/render/group.ts';
import { planLines } from '../../src/render/plan.ts';
import { plainStyle } from './events.ts';

const MACHINES = ['rig1', 'rig2', 'rig3', 'rig4', 'rig5'];
const STEPS = ['node', 'microk8s'];
const FILE = Array.from({ length: 4 }, (_, i) => `line ${i}\n`).join('');

/** A first plan: on each machine ten changes of each step, one of them with the machine's own name in it. */
const firstPlan: readonly PlanItem[] = MACHINES.flatMap((place) =>
  STEPS.flatMap((step): PlanItem[] => [
    {
      id: `${step}/hostname@${place}`,
      verdict: 'change',
      because: `it is called "ubuntu", not "${place}"`,
      does: [`name it ${place}`],
      diff: [{ what: 'host name', before: 'ubuntu', after: place }],
      disrupts: `${place} is called ${place} from then on`,
    },
    ...Array.from(
      { length: 9 },
      (_, i): PlanItem => ({
        id: `${step}/thing${i}@${place}`,
        verdict: 'change',
        because: 'it is not there',
        does: ['write it'],
        diff: [{ what: `/etc/thing${i}`, before: '', after: FILE }],
      }),
    ),
  ]),
);

function change(id: Id, because: string): PlanItem {
  return { id, verdict: 'change', because, does: ['do it'] };
}

const placesOf = (items: readonly PlanItem[]) => grouped(items).map((group) => group.places);

describe('a first plan of five machines', () => {
  const lines = planLines(firstPlan, plainStyle());

  test('is short', () => {
    expect(firstPlan).toHaveLength(100);
    expect(lines.length).toBeLessThan(200);
    expect(lines).toContain('Plan: 100 changes.');
  });

  test('says each thing once, with its machines', () => {
    expect(lines).toContain('  ~ change   node/thing3    rig1, rig2, rig3, rig4, rig5');
    expect(lines.filter((line) => line.includes('node/thing3'))).toHaveLength(1);
  });

  test('has NAME where each machine has its own', () => {
    expect(lines.slice(1, 6)).toEqual([
      "  ~ change   node/hostname  rig1, rig2, rig3, rig4, rig5 (NAME is each one's own name)",
      '      because it is called "ubuntu", not "NAME"',
      '      will name it NAME',
      '      disrupts NAME is called NAME from then on',
      '      host name: ubuntu -> NAME',
    ]);
  });

  test('loses none', () => {
    const shown = lines.flatMap((line) => {
      const [, name, places = ''] = /^ {2}~ change +(\S+) +(.*?)(?: \(.*)?$/.exec(line) ?? [];
      return name === undefined ? [] : places.split(', ').map((place) => `${name}@${place}`);
    });
    expect(shown.sort()).toEqual(firstPlan.map((item) => item.id).sort());
  });

  test('goes below on a narrow screen', () => {
    const narrow = planLines(firstPlan, plainStyle({ columns: 40 }));
    expect(narrow).toContain('  ~ change   microk8s/thing0');
    expect(narrow).toContain('      rig1, rig2, rig3, rig4, rig5');
    expect(narrow.every((line) => line.length <= 40)).toBe(true);
  });
});

describe('items', () => {
  test('that differ stand apart, those of one name beside each other', () => {
    const items = [
      change('a/x@rig1', 'one'),
      change('a/y@rig1', 'one'),
      change('a/x@rig2', 'two'),
      change('a/x@rig3', 'one'),
    ];
    expect(grouped(items).map((group) => [group.item.id, group.places])).toEqual([
      ['a/x@rig1', ['rig1', 'rig3']],
      ['a/x@rig2', ['rig2']],
      ['a/y@rig1', ['rig1']],
    ]);
  });

  test('that name the same machine are equal, whichever it is', () => {
    expect(placesOf([change('a/x@rig1', 'rig1 is new'), change('a/x@rig2', 'rig1 is new')])).toEqual([
      ['rig1', 'rig2'],
    ]);
  });

  test('of a machine whose name starts another one are not mixed up', () => {
    expect(placesOf([change('a/x@rig1', 'rig10 is new'), change('a/x@rig2', 'rig20 is new')])).toEqual([
      ['rig1'],
      ['rig2'],
    ]);
  });

  test('that are refused alike name what to type for each machine', () => {
    const items = ['rig2', 'rig3'].map((place): PlanItem => {
      const problem = {
        where: `${place}, step microk8s`,
        seen: `${place} has a MicroK8s of its own`,
        next: ['look at it', `to lose it: mlk8s up --wipe-node ${place}`],
      };
      return { id: `microk8s/member@${place}`, verdict: 'refused', because: problem.seen, problem };
    });
    expect(planLines(items, plainStyle())).toEqual([
      'microk8s',
      '  ✗ refused  rig2, rig3, step microk8s (microk8s/member@rig2, rig3)',
      '      seen  NAME has a MicroK8s of its own',
      '      next  look at it',
      '            to lose it: mlk8s up --wipe-node rig2',
      '            to lose it: mlk8s up --wipe-node rig3',
      '',
      'Plan: no changes, 2 refused.',
    ]);
  });

  test('with one warning are one line', () => {
    const items = ['rig1', 'rig2'].map(
      (place): PlanItem => ({ id: `a/x@${place}`, verdict: 'ok', because: 'fine', warning: 'little memory' }),
    );
    expect(planLines(items, plainStyle())).toEqual([
      '! warning  a/x@rig1, rig2: little memory',
      'Plan: no changes, 2 ok.',
    ]);
  });
});

test('what stays on purpose is shown, with its reason, and counted', () => {
  const items: PlanItem[] = [
    change('node/lid@rig1', 'it was written by mlk8s'),
    { id: 'node/packages@rig1', verdict: 'stays', because: 'packages are never removed' },
    { id: 'node/packages@rig2', verdict: 'stays', because: 'packages are never removed' },
  ];
  const text = planLines(items, plainStyle()).join('\n');
  expect(text).toMatch(/= stays {4}node\/packages {2}rig1, rig2\n {6}because packages are never removed/);
  expect(text).toContain('Plan: 1 change, 2 stays.');
});
