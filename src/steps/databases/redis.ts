import type { Database } from './database.ts';

export const redis: Database<'redis'> = { name: 'redis', resources: () => [], asksFor: () => [], services: () => [] };
