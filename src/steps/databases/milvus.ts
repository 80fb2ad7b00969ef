import type { Database } from './database.ts';

export const milvus: Database<'milvus'> = {
  name: 'milvus',
  resources: () => [],
  asksFor: () => [],
  services: () => [],
};
