import { describe, expect, it } from 'vitest';
import { parseMembership } from '../../src/resources/membership.ts';

describe('what a machine says of its own MicroK8s', () => {
  it('reads a control plane, its peers and what it holds beyond its own', () => {
    const text =
      'identity=x\nours=yes\nmicrok8s=control-plane\npeers=3\nnamespaces=default=a kube-system=x shop=c mlk8s-system=d \n';
    expect(parseMembership(text)).toEqual({
      microk8s: 'control-plane',
      uid: 'x',
      leaving: false,
      identity: 'x',
      ours: true,
      holds: ['shop'],
      peers: 3,
    });
  });

  it('takes nothing for known that was not said', () => {
    const unknown = {
      microk8s: 'none',
      uid: undefined,
      identity: undefined,
      leaving: false,
      ours: false,
      holds: [],
      peers: 0,
    };
    expect(parseMembership('identity=\nmicrok8s=none\n')).toEqual(unknown);
    expect(parseMembership('')).toEqual(unknown);
    expect(parseMembership('This MicroK8s deployment is acting as a node in a cluster.\n')).toEqual(unknown);
  });
});
