import { defineConfig } from 'vitest/config';

/** Real machines on this computer: needs Linux and root, and takes minutes. One lab at a time, so one file at a time. */
export default defineConfig({
  test: {
    include: ['test/lab/*.test.ts'],
    globalSetup: 'test/build.ts',
    testTimeout: 300_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
