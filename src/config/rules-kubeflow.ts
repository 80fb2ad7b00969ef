/** Rules of single values of `kubeflow:`. */
import { type Fault, quoted, type Rule } from './rules.ts';

/** Namespaces of Kubeflow's own, without `kubeflow-`. */
const TAKEN = ['system', 'user-example-com'];

/** Name of a user: with `kubeflow-` before it a label of DNS, which has at most 63 characters. */
export const userName: Rule = {
  pattern: '^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$',
  fault(text) {
    if (TAKEN.includes(text)) {
      const why = `Kubeflow itself uses the namespace kubeflow-${text}`;
      return {
        seen: `${quoted(text)} cannot be used as a name`,
        why,
        next: ['Choose another name, for example anna.'],
      };
    }
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: text === '' ? 'the name is empty' : `${quoted(text)} is not a valid name of a user`,
      why: 'it becomes part of the name of a namespace: at most 42 lowercase letters, digits or hyphens, the first a letter, no hyphen at the end',
      next: ['Choose another name, for example anna.'],
    };
  },
};

/** A folder or an archive on the workstation. */
export const sourcePath: Rule = {
  pattern: '^[^\\u0000-\\u001f\\u007f-][^\\u0000-\\u001f\\u007f]*$',
  fault(text) {
    if (new RegExp(this.pattern).test(text)) return undefined;
    return {
      seen: text === '' ? 'the path is empty' : 'the path has a control character, or starts with a hyphen',
      why: text === '' ? 'it names no file' : 'a hyphen would begin an option, and a control character is seldom meant',
      next: ['Write the path of the archive or folder on this machine, for example ./kubeflow.tar.gz.'],
    };
  },
};

/** People write a password beside the name. */
export function noPasswordOfUser(seen: string): Fault {
  return {
    seen,
    why: 'mlk8s makes a password for each user, and keeps it in the cluster: mlk8s credentials kubeflow',
    next: ['Delete it here.', 'To give somebody another one, patch their Secret: see docs/kubeflow.md, "Log in".'],
  };
}
