import { UserError } from '../errors.ts';

export type Role = 'control-plane' | 'worker';

/** A machine as it is typed: where it is, and how to log in. */
export interface Target {
  readonly address: string;
  readonly user?: string;
}

/** A machine of `mlk8s init --node`. */
export interface NodeSpec extends Target {
  readonly name: string;
  readonly role?: Role;
}

/** Reads `[user@]address`. Whether the parts are valid is for the cluster file's own checks to say. */
export function parseTarget(text: string): Target {
  const at = text.lastIndexOf('@');
  const address = text.slice(at + 1);
  return at < 0 ? { address } : { address, user: text.slice(0, at) };
}

/** Reads `NAME=[user@]ADDRESS[:control-plane|:worker]`. */
export function parseNodeSpec(text: string): NodeSpec {
  const match = /^([^=]+)=([^:]+)(?::(.*))?$/.exec(text);
  const [, name = '', target = '', role] = match ?? [];
  if (!match || (role !== undefined && !isRole(role))) throw notASpec(text, role);
  return { name, ...parseTarget(target), ...(role === undefined ? {} : { role }) };
}

export function isRole(text: string): text is Role {
  return text === 'control-plane' || text === 'worker';
}

function notASpec(text: string, role: string | undefined): UserError {
  return new UserError({
    where: 'command line',
    seen: role === undefined ? `--node ${text}: no machine can be read from it` : `--node ${text}: no role "${role}"`,
    why: 'it is written NAME=[user@]ADDRESS, and :control-plane or :worker after it if need be',
    next: ['mlk8s init --node rig1=lab@10.0.0.101:control-plane --node rig2=lab@10.0.0.102'],
  });
}
