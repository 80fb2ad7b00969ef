import type { Declared, World } from '../engine/types.ts';
import type { NodeInfo } from './kube.ts';
import type { Membership } from './membership.ts';

/** The machine is a member of the cluster, in its role, under its name and address, and the lead sees it Ready. */
export type MemberSpec = {
  readonly name: string;
  readonly address: string;
  readonly role: 'control-plane' | 'worker';
  readonly channel: string;
};

/** What the machine says of itself, and what the cluster says of it. */
export interface Sight {
  readonly it: Declared<MemberSpec>;
  readonly host: string;
  readonly world: World;
  readonly me: Membership;
  readonly node: NodeInfo | undefined;
  /** The datastore lists its address. */
  readonly listed: boolean;
}
