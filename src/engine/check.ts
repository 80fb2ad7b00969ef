import type { Cluster } from '../config/schema.ts';
import type { Problem } from '../errors.ts';
import type { Ask, World } from './types.ts';

/** What a check found. An error stops the run before its first change; all of all machines are shown at once. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly problem: Problem;
  readonly host?: string;
}

/** Something that must be right before anything is changed, and that mlk8s does not change. */
export interface Check {
  readonly name: string;
  asks(file: Cluster, host: string): readonly Ask[];
  judge(file: Cluster, world: World): readonly Finding[];
}
