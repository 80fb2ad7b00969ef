/** Rules of single values of `devbox:`. */
import { name, quoted, type Rule } from './rules.ts';

/** The computer that mlk8s runs on. */
export const WORKSTATION = 'workstation';

const REMOTE = /^([A-Za-z_][A-Za-z0-9_.-]{0,31})@([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?$/;

/** `user@address[:port]`; undefined for anything else. */
export function remoteParts(text: string): { user: string; address: string; port: number | undefined } | undefined {
  const [, user, address, , port] = REMOTE.exec(text) ?? [];
  if (user === undefined || address === undefined) return undefined;
  return { user, address, port: port === undefined ? undefined : Number(port) };
}

/** Where the tools go: `workstation`, the name of a machine of the cluster, or `user@address[:port]`. */
export const devboxHost: Rule = {
  pattern: `${name.pattern}|${REMOTE.source}`,
  fault(text) {
    const port = remoteParts(text)?.port ?? 22;
    if (new RegExp(this.pattern).test(text) && port >= 1 && port <= 65535) return undefined;
    return {
      seen: `${quoted(text)} is no machine`,
      why: 'it is workstation, the name of a machine of the cluster, or user@address of another one',
      next: ['Write for example: workstation or anna@10.0.0.50'],
    };
  },
};

/** An extension as the Marketplace names it. */
export const extension: Rule = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9-]*\\.[A-Za-z0-9][A-Za-z0-9._-]*(@[0-9][0-9A-Za-z.+-]*)?$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: `${quoted(text)} is not the name of an extension`,
      why: 'it is PUBLISHER.NAME, as code --list-extensions prints it, with @VERSION behind it where one is wanted',
      next: ['Write for example: ms-python.python'],
    };
  },
};

/** A value of git's own configuration, in one line. */
export const gitName: Rule = {
  pattern: '^[^\\u0000-\\u001f\\u007f<>]{1,200}$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: text === '' ? 'the name is empty' : 'the name has a control character, < or >',
      why: 'git writes it into each commit, in one line, with the address between < and >',
      next: ['Write your name as commits shall show it.'],
    };
  },
};
