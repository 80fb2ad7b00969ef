import { defineConfig } from 'vitest/config';

/** What takes long: whole stories on rehearsals, and kinds that run pods or real tools. `npm run test:rehearsal` */
export const STORIES = [
  'test/acceptance/cost.test.ts',
  'test/acceptance/devbox-member.test.ts',
  'test/acceptance/devbox.test.ts',
  'test/acceptance/gpu-driver.test.ts',
  'test/acceptance/gpu.test.ts',
  'test/acceptance/kill-points.test.ts',
  'test/acceptance/kubeflow-page.test.ts',
  'test/acceptance/kubeflow.test.ts',
  'test/acceptance/mayastor.test.ts',
  'test/acceptance/monitoring.test.ts',
  'test/acceptance/network.test.ts',
  'test/acceptance/postgres.test.ts',
  'test/acceptance/prune.test.ts',
  'test/acceptance/reset.test.ts',
  'test/acceptance/samples.test.ts',
  'test/acceptance/served.test.ts',
  'test/acceptance/services.test.ts',
  'test/acceptance/stores.test.ts',
  'test/acceptance/troubles.test.ts',
  'test/acceptance/verify.test.ts',
  'test/charts/kubeflow-repair.test.ts',
  'test/charts/kubeflow-stages.test.ts',
  'test/charts/real-secrets.test.ts',
  'test/charts/real-tools.test.ts',
  'test/docs/readme.test.ts',
  'test/health/doctor.test.ts',
  'test/resources/proof-restart.test.ts',
  'test/resources/proof.test.ts',
  'test/resources/secret-derived.test.ts',
  'test/steps/network/in-cluster.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lab/**', 'test/chaos/**', 'test/bench/**', ...STORIES],
    globalSetup: 'test/build.ts',
    testTimeout: 90_000,
    hookTimeout: 90_000,
    maxWorkers: 2,
    maxConcurrency: 3,
  },
});
