import { defineConfig, mergeConfig } from 'vitest/config';
import base, { STORIES } from './vitest.config.ts';

const merged = mergeConfig(base, defineConfig({}));

/** Simulated machines wait much of their time: three stories at once keep two cores busy. */
export default { ...merged, test: { ...merged.test, include: STORIES, exclude: [], maxWorkers: 3 } };
