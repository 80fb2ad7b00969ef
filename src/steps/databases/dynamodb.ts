import type { Database } from './database.ts';

export const dynamodb: Database<'dynamodb'> = {
  name: 'dynamodb',
  resources: () => [],
  asksFor: () => [],
  services: () => [],
};
