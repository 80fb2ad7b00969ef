import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRecord } from '../../src/engine/inventory.ts';
import type { InventoryRecord } from '../../src/engine/types.ts';
import { writeIdentity } from '../../src/resources/cluster.ts';
import { fileBlock, fileBlockKind } from '../../src/resources/file-block.ts';
import { writeFile } from '../../src/resources/write.ts';
import { keepFile, noteLines, noteOnce } from '../../src/shell/originals.ts';
import { lines, type Script, sh } from '../../src/shell/script.ts';
import { afterPowerCut } from '../rehearsal/power.ts';
import { TestSite } from '../rehearsal/toy.ts';
import { answersTo, worldOf } from '../resources/world.ts';

const site = new TestSite();
beforeAll(() => site.start(10));
afterAll(() => site.end());

const STATE = '/var/lib/mlk8s';
const ORIGINALS = `${STATE}/originals/node_hosts_rig1`;
const it = fileBlock({ id: 'node/hosts@rig1', on: { host: 'rig1' }, needs: [], path: '/etc/hosts', lines: ['x'] });
const record: InventoryRecord = { ...it, origin: 'created', state: 'pending' };

function writeBlock(): Script {
  const verdict = fileBlockKind.judge(it, worldOf({ answers: answersTo(fileBlockKind.asks(it), ['0\n']) }));
  const move = verdict.verdict === 'change' ? verdict.moves[0] : undefined;
  if (!move || 'reboot' in move) throw new Error('the block is not written');
  return move.run;
}

// What a change leaves on the disk says what it did, and how it was before: it must not be empty while the change stands.
const WRITES: readonly [what: string, path: string, script: Script][] = [
  ['a record', `${STATE}/inventory/node_hosts_rig1.json`, writeRecord(record, 'home')],
  ['a kept original', `${ORIGINALS}.file`, keepFile(it.id, '/etc/os-release')],
  ['a note', `${ORIGINALS}.note`, noteOnce(it.id, sh`echo /etc/none`)],
  ['lines of a note', `${STATE}/originals/group.note`, noteLines('group', ['lab'])],
  ['a file', '/etc/own.conf', writeFile('/etc/own.conf', 'own\n', '644')],
  ['a file with a block of ours', '/etc/hosts', writeBlock()],
  ['the identity of the cluster', `${STATE}/identity`, lines(sh`uid=0e2d`, writeIdentity)],
];

test('what a change wrote is on the disk when the power fails behind it', async () => {
  const write = lines(sh`mkdir -p ${STATE}/inventory`, ...WRITES.map(([, , script]) => script)).bash;
  const look = WRITES.map(([what, path]) => sh`[ -s ${path} ] || echo ${what}`);
  expect(await afterPowerCut(site, write, lines(...look, sh`echo 'these are empty'`).bash)).toBe('these are empty\n');
});
