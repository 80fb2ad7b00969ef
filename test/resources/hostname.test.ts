import { expect, it } from 'vitest';
import type { InventoryRecord } from '../../src/engine/types.ts';
import { hostname, hostnameKind } from '../../src/resources/hostname.ts';
import { answersTo, worldOf } from './world.ts';

const resource = hostname({ id: 'node/hostname@rig1', on: { host: 'rig1' }, needs: [], name: 'rig1', local: false });
const told = answersTo(hostnameKind.asks(resource), ['renamed\n', 'yes\n']);
const record = (name: string, state: InventoryRecord['state']): InventoryRecord => {
  return { id: resource.id, kind: 'hostname', on: resource.on, spec: { name, local: false }, origin: 'created', state };
};
const judge = (...records: InventoryRecord[]) =>
  hostnameKind.judge(resource, worldOf({ answers: told, records })).verdict;

it('gives a machine its name back when MicroK8s was installed under it', () => {
  expect(judge(record('rig1', 'done'))).toBe('change');
});

it('does not rename a machine under MicroK8s otherwise', () => {
  expect(judge()).toBe('refused');
  expect(judge(record('rig1', 'pending'))).toBe('refused');
  expect(judge(record('other', 'done'))).toBe('refused');
});
