import { afterAll, beforeAll, expect } from 'vitest';
import { User } from './user.ts';

/** A cluster file of two machines, without any section. */
export const TWO_RIGS = `name: lab
ssh: { user: lab }
nodes:
  - { name: rig1, address: 10.0.0.101, role: control-plane }
  - { name: rig2, address: 10.0.0.102 }
`;

/** Makes people with a cluster file in their folder. They leave when all tests of the file, or of the describe, are over. */
export function users(): (file: { sample: string } | string) => User {
  const all: User[] = [];
  afterAll(async () => void (await Promise.all(all.map((user) => user.leave()))));
  return (file) => {
    const user = new User();
    user.file(file);
    all.push(user);
    return user;
  };
}

/** Somebody whose cluster comes up, without a problem, before the tests of the describe. They leave after them. */
export function cameUp(file: string): User {
  const user = new User();
  beforeAll(async () => {
    user.file(file);
    const { summary, problems } = await user.up();
    expect([summary.exitCode, problems]).toEqual([0, []]);
  }, 300_000);
  afterAll(() => user.leave());
  return user;
}
