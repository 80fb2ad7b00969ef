import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

const merged = mergeConfig(base, defineConfig({ test: { env: { MLK8S_THOROUGH: '1' }, testTimeout: 600_000 } }));

/** All security tests, those of `npm test` with many more runs. Takes minutes; run by `npm run test:security`. */
export default {
  ...merged,
  test: { ...merged.test, include: ['test/security/*.test.ts', 'test/security/long/*.spec.ts'], exclude: [] },
};
