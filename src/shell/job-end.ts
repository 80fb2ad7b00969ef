/** Line in a job's output at which the output of the next change begins. */
export function mark(id: string): string {
  return `mlk8s-job ${id}`;
}

/** How a job ended. A change that was begun and has no status was interrupted: the machine or somebody stopped it. */
export interface JobEnd {
  /** Exit status of each change that was begun and ended, by its place in the job. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Places of the changes that were skipped, because one that they need failed. */
  readonly skipped: ReadonlySet<number>;
  /** Mount points of full disks; only of a job that did not go well. */
  readonly full: readonly string[];
}

/** Reads the end of what a start or follow frame printed; undefined when the end has not come through. */
export function parseJobEnd(id: string, stdout: string): JobEnd | undefined {
  const at = stdout.lastIndexOf(`\n${mark(id)} ended\n`);
  if (at < 0) return undefined;
  // Behind it stands how the unit ended, or nothing where there was no room to write that.
  const progress = stdout.slice(at).trim().split('\n').slice(1);
  const statuses = new Map<number, number>();
  const skipped = new Set<number>();
  const full: string[] = [];
  for (const line of progress) {
    const match = /^end (\d+) (\d+)$/.exec(line);
    if (match) statuses.set(Number(match[1]), Number(match[2]));
    else if (line.startsWith('skip ')) skipped.add(Number(line.slice(5)));
    else if (line.startsWith('full /')) full.push(line.slice(5));
  }
  return { statuses, skipped, full };
}
