import type { Cluster, ClusterNode } from '../../config/schema.ts';
import type { Check, Finding } from '../../engine/check.ts';
import type { Ask } from '../../engine/types.ts';
import type { Problem } from '../../errors.ts';
import { type Given, unanswered } from '../../resources/answers.ts';

/** One machine under a check. */
export interface Subject {
  readonly node: ClusterNode;
  readonly file: Cluster;
  /** Where findings of this check are: `preflight/memory@rig1`. */
  readonly where: string;
}

type Texts = Omit<Problem, 'where'>;

/** A finding about one machine. */
export function finding(level: Finding['level'], { where, node }: Subject, texts: Texts): Finding {
  return { level, problem: { where, ...texts }, host: node.name };
}

/** Stops the run before its first change. */
export function error(subject: Subject, seen: string, why: string, ...next: string[]): Finding {
  return finding('error', subject, { seen, why, next });
}

/** Is shown; the run goes on. */
export function warning(subject: Subject, seen: string, why: string, ...next: string[]): Finding {
  return finding('warning', subject, { seen, why, next });
}

/** A check that looks at one machine at a time. What it could not learn is a warning: nothing follows from silence. */
export function machineCheck(
  name: string,
  asks: (node: ClusterNode, file: Cluster) => readonly Ask[],
  judge: (subject: Subject, ...answers: Given[]) => readonly Finding[],
): Check {
  const nodeOf = (file: Cluster, host: string) => file.nodes.find((node) => node.name === host);
  const asksOf = (file: Cluster, host: string) => {
    const node = nodeOf(file, host);
    return node ? asks(node, file) : [];
  };
  return {
    name,
    asks: asksOf,
    judge: (file, world) =>
      world.hosts.flatMap((host) => {
        const node = nodeOf(file, host);
        if (!node) return [];
        const subject = { node, file, where: `preflight/${name}@${host}` };
        const given: Given[] = [];
        for (const ask of asksOf(file, host)) {
          const answer = world.answer(ask.on, ask.key);
          if (answer.kind === 'bytes') given.push(answer);
          else return [finding('warning', subject, unanswered(subject.where, ask, answer))];
        }
        return judge(subject, ...given);
      }),
  };
}

/** A check that compares machines. `read` gives what one machine answered; machines without an answer do not count. */
export function comparison<T>(
  name: string,
  asks: (node: ClusterNode, file: Cluster) => readonly Ask[],
  read: (...answers: Given[]) => T | undefined,
  judge: (found: readonly { readonly subject: Subject; readonly value: T }[]) => readonly Finding[],
): Check {
  return {
    name,
    asks: (file, host) => file.nodes.filter((node) => node.name === host).flatMap((node) => asks(node, file)),
    judge: (file, world) => {
      const nodes = file.nodes.filter((node) => world.hosts.includes(node.name));
      const found = nodes.flatMap((node) => {
        const answers = asks(node, file).map((ask) => world.answer(ask.on, ask.key));
        const given = answers.filter((answer): answer is Given => answer.kind === 'bytes');
        const value = given.length === answers.length ? read(...given) : undefined;
        return value === undefined ? [] : [{ subject: { node, file, where: `preflight/${name}@${node.name}` }, value }];
      });
      return judge(found);
    },
  };
}
