import { afterAll } from 'vitest';
import { User } from './user.ts';

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
