import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Pure and in-process tests: fast, in parallel.
      { test: { name: 'unit', include: ['test/{core,adapters,functions,bin,local,docs,bench}/**/*.test.ts'] } },
      // Template tests load the CDK: one worker keeps memory in bounds.
      { test: { name: 'infrastructure', include: ['test/lib/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1 } },
      // Whole flows on the local stack: one at a time, each with its own folder and ports.
      { test: { name: 'flow', include: ['test/flow/**/*.test.ts'], testTimeout: 420_000, hookTimeout: 120_000, maxWorkers: 1, fileParallelism: false } },
    ],
  },
});
