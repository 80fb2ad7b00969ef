import { describe, expect, it } from 'vitest';
import { machineState, machineStateKind } from '../../src/engine/machine-state.ts';
import type { Where, World } from '../../src/engine/types.ts';
import { answerOf, at, cluster, node, type Told, worldOf } from '../resources/world.ts';

const file = cluster([node('rig1', { role: 'control-plane' }), node('rig2')]);

/** rig1 leads, and `leaving` are to leave. */
function verdict(on: Where, told: Told | undefined, leaving: string[] = ['rig2']) {
  const answers = new Map(told === undefined ? [] : [[at(on, 'mlk8s.state'), answerOf(told)] as const]);
  const world: World = { ...worldOf({ file, answers }), lead: 'rig1', identity: 'X', leaving };
  return machineStateKind.judge(machineState(on, 'home', []), world);
}

describe('what mlk8s keeps for itself', () => {
  it.each<Where>([{ host: 'rig2' }, 'cluster', 'workstation'])('goes last, and is gone then: %j', (on) => {
    expect(verdict(on, 'inventory\n')).toMatchObject({ verdict: 'change' });
    expect(verdict(on, '')).toMatchObject({ verdict: 'ok' });
  });

  it('is not taken for gone where nobody answers', () => {
    expect(verdict({ host: 'rig2' }, { kind: 'timeout' })).toMatchObject({ verdict: 'refused' });
    expect(verdict('workstation', { kind: 'timeout' })).toMatchObject({ verdict: 'refused' });
    for (const told of [undefined, { kind: 'timeout' }, { text: '', status: 1 }] as const) {
      expect(verdict('cluster', told)).toMatchObject({ verdict: 'settling' });
    }
  });

  it('goes with a cluster that ends', () => {
    expect(verdict('cluster', undefined, ['rig1', 'rig2'])).toMatchObject({ verdict: 'ok' });
  });
});
