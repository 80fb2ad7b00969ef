import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/config/schema.ts';
import { strangeDevbox, strangeMachine } from '../../src/engine/stranger.ts';
import type { Id } from '../../src/engine/types.ts';
import { cluster, node } from '../resources/world.ts';

const devbox = (host: string) => ({ devbox: { host, user: 'anna' } }) as unknown as Partial<Cluster>;
const desk = node('desk', { local: true });
const beside = cluster([node('rig1')], devbox('anna@10.0.0.50'));
const none = cluster([node('rig1'), desk]);
const local = cluster([node('rig1'), desk], devbox('workstation'));
/** What the devbox was when it had another name, and the devbox is another computer now. */
const moved = cluster([node('rig1'), desk], devbox('anna@10.0.0.50'));

const kept = (id: Id, of?: string) => [{ id, ...(of === undefined ? {} : { cluster: of }) }];

describe('a machine on which nothing may be done', () => {
  it.each([
    [
      'the devbox of another cluster',
      'devbox',
      kept('devbox/uv@devbox', 'other'),
      'this machine is the devbox of the cluster other',
    ],
    [
      'a member of another cluster',
      'devbox',
      kept('node/hosts@rig7', 'other'),
      'this machine is rig7 of the cluster other',
    ],
    [
      'a member that is the devbox of another cluster',
      'rig1',
      kept('devbox/uv@devbox', 'other'),
      'this machine is the devbox of the cluster other',
    ],
    [
      'a member of this cluster',
      'devbox',
      kept('node/hosts@rig1', 'home'),
      'the machine that the cluster file means by devbox.host was set up by mlk8s as rig1',
    ],
  ])('is %s', (_, name, records, seen) => {
    expect(strangeDevbox(beside, name, records)).toMatchObject({ where: name, seen });
  });

  it.each([
    ['the devbox that it was', 'devbox', kept('devbox/uv@devbox', 'home')],
    ['one whose records are older', 'devbox', kept('devbox/uv@devbox')],
    ['a member of a cluster that has another name now', 'rig1', kept('node/hosts@rig1', 'earlier')],
    ['a member that was renamed', 'rig1', kept('node/hosts@old', 'home')],
  ])('is not %s', (_, name, records) => {
    expect(strangeDevbox(beside, name, records)).toBeUndefined();
  });
});

describe('a machine on which nothing may be undone', () => {
  it.each([
    ['was set up under another name', beside, kept('node/hosts@rig7')],
    ['was the devbox, and another one is now', moved, kept('devbox/uv@devbox', 'home')],
  ])('%s', (_, file, records) => {
    const place = records[0]?.id.split('@')[1];
    expect(strangeMachine(file, 'desk', records)).toMatchObject({
      seen: expect.stringMatching(`desk .* as ${place}$`),
    });
  });

  it.each([
    ['a local member that was the devbox beside the cluster', local],
    ['one whose section devbox left the file', none],
  ])('is not %s', (_, file) => {
    const records = [...kept('devbox/uv@devbox', 'home'), ...kept('node/hosts@desk', 'home')];
    expect(strangeMachine(file, 'desk', records)).toBeUndefined();
    expect(strangeDevbox(file, 'desk', records)).toBeUndefined();
  });
});
