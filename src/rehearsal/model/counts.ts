/** What happened to a machine since it was made. No part of its state: a dump leaves it out. */
export interface Counts {
  /** Execs that its SSH server ran. */
  execs: number;
  /** Bytes that went over its network, both ways. */
  bytes: number;
  /** Joins that the cluster let in, and those of them that came to their end. */
  joinsBegun: number;
  joinsDone: number;
  /** apt-get processes that run, and the most that ever ran at a time; those that wait for the lock count. */
  aptNow: number;
  aptAtOnce: number;
}

export function noCounts(): Counts {
  return { execs: 0, bytes: 0, joinsBegun: 0, joinsDone: 0, aptNow: 0, aptAtOnce: 0 };
}
