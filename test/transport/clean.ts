/** Imported for its effect: what the tests of a file have made on disk is gone when they have ended. */
import { afterAll } from 'vitest';
import { removeFolders } from './fakes.ts';

afterAll(removeFolders);
