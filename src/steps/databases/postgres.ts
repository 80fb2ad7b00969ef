import type { Database } from './database.ts';

export const postgres: Database<'postgres'> = {
  name: 'postgres',
  resources: () => [],
  asksFor: () => [],
  services: () => [],
};
