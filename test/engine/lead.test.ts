import { describe, expect, it } from 'vitest';
import { clusterSchema } from '../../src/config/schema.ts';
import { findLead } from '../../src/engine/lead.ts';
import type { Membership } from '../../src/resources/membership.ts';

const file = clusterSchema.parse({
  name: 'lab',
  nodes: [
    { name: 'a', address: '10.0.0.1', role: 'control-plane' },
    { name: 'b', address: '10.0.0.2', role: 'control-plane' },
    { name: 'w', address: '10.0.0.3', role: 'worker' },
  ],
});

const fresh: Membership = {
  microk8s: 'none',
  uid: undefined,
  identity: undefined,
  leaving: false,
  ours: false,
  holds: [],
  peers: 0,
};
const lone = (uid: string): Membership => ({ ...fresh, microk8s: 'control-plane', uid, ours: true, peers: 1 });
const foreign = (uid: string): Membership => ({ ...lone(uid), ours: false });
const plane = (uid: string | undefined): Membership => ({ ...lone('x'), uid, identity: 'x', peers: 2 });
const worker: Membership = { ...fresh, microk8s: 'worker', identity: 'x', ours: true };

interface Case {
  name: string;
  facts: Record<string, Membership>;
  out?: string[];
  wiped?: string[];
  expected: string;
}

const cases: Case[] = [
  {
    name: 'nothing anywhere: the first control plane founds',
    facts: { a: fresh, b: fresh, w: fresh },
    expected: 'founder a',
  },
  {
    name: 'ours but not joined yet, after an interrupted run',
    facts: { a: lone('1'), b: lone('2'), w: lone('3') },
    expected: 'founder a',
  },
  {
    name: 'the first one failed before there was a cluster',
    facts: { a: fresh, b: fresh, w: fresh },
    out: ['a'],
    expected: 'founder b',
  },
  {
    name: 'a control plane cannot be asked and no member is seen',
    facts: { a: fresh, w: fresh },
    expected: 'refused b',
  },
  { name: 'a worker cannot be asked', facts: { a: fresh, b: fresh }, expected: 'founder a' },
  { name: 'members agree', facts: { a: plane('x'), b: plane('x'), w: worker }, expected: 'lead a' },
  { name: 'the first member does not answer', facts: { b: plane('x'), w: worker }, expected: 'lead b' },
  {
    name: 'the first member failed in this run',
    facts: { a: plane('x'), b: plane('x') },
    out: ['a'],
    expected: 'lead b',
  },
  { name: 'the API of the first member is down', facts: { a: plane(undefined), b: plane('x') }, expected: 'lead b' },
  { name: 'all APIs are down', facts: { a: plane(undefined), b: plane(undefined) }, expected: 'lead a' },
  { name: 'the first one was reinstalled', facts: { a: fresh, b: plane('x'), w: worker }, expected: 'lead b' },
  {
    name: 'the MicroK8s of the first one was reinstalled',
    facts: { a: plane('other'), b: plane('x') },
    expected: 'lead b',
  },
  {
    name: 'the only member failed: nobody founds a second cluster',
    facts: { a: plane('x'), b: lone('2') },
    out: ['a'],
    expected: 'refused a, b',
  },
  {
    name: 'a member lost its note, a worker has one',
    facts: { a: lone('x'), b: lone('2'), w: worker },
    expected: 'lead a',
  },
  { name: 'two identities', facts: { a: plane('x'), b: { ...plane('y'), identity: 'y' } }, expected: 'refused a, b' },
  { name: 'two identities, one may be wiped', facts: { a: plane('x') }, wiped: ['b'], expected: 'lead a' },
  { name: 'only a worker remembers', facts: { a: fresh, b: fresh, w: worker }, expected: 'refused a, b' },
  {
    name: 'one cluster of somebody else is taken over as it is',
    facts: { a: fresh, b: foreign('f'), w: fresh },
    expected: 'founder b',
  },
  {
    name: 'two clusters of somebody else',
    facts: { a: foreign('f'), b: foreign('g'), w: fresh },
    expected: 'refused a, b',
  },
  {
    name: 'a cluster made by hand of two machines',
    facts: { a: foreign('f'), b: foreign('f'), w: fresh },
    expected: 'founder a',
  },
  {
    name: 'one that was installed by us and joined by hand elsewhere',
    facts: { a: fresh, b: { ...lone('f'), peers: 3 }, w: fresh },
    expected: 'founder b',
  },
];

describe('who is in charge', () => {
  it.each(cases)('$name → $expected', ({ facts, out = [], wiped = [], expected }) => {
    const lead = findLead(file, new Map(Object.entries(facts)), new Set(out), new Set(wiped));
    expect(lead.kind === 'refused' ? `refused ${lead.problem.where}` : `${lead.kind} ${lead.host}`).toBe(expected);
  });
});

it('advises to give a cluster up only where every control plane answered', () => {
  const adviceOf = (facts: Record<string, Membership>) => {
    const lead = findLead(file, new Map(Object.entries(facts)), new Set(), new Set());
    return lead.kind === 'refused' ? lead.problem.next.join('\n') : '';
  };
  expect(adviceOf({ a: fresh, b: fresh, w: worker })).toContain('--wipe-node w');
  const quiet = adviceOf({ b: fresh, w: worker });
  expect(quiet).toContain('start a and');
  expect(quiet).not.toContain('--wipe-node');
});
