import { defineConfig, mergeConfig } from 'vitest/config';
import base, { STORIES } from './vitest.config.ts';

const merged = mergeConfig(base, defineConfig({}));

export default { ...merged, test: { ...merged.test, include: STORIES, exclude: [] } };
