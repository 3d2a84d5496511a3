import { configDefaults, defineConfig } from 'vitest/config';

// Tests of running processes have timers of their own: they get the machine to themselves.
const RUNNING_STACKS = ['test/flow/**/*.test.ts', 'test/local/cloud/{cloud,listeners}.test.ts'];

export default defineConfig({
  test: {
    projects: [
      // Pure and in-process tests: fast, in parallel.
      {
        test: {
          name: 'unit',
          include: ['test/{core,adapters,functions,bin,local,docs,bench,proof,security}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...RUNNING_STACKS],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      // Template tests load the CDK: one worker keeps memory in bounds.
      { test: { name: 'infrastructure', include: ['test/lib/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1, sequence: { groupOrder: 1 } } },
      // Whole stacks on this machine: one at a time, each with its own folder and ports.
      { test: { name: 'flow', include: RUNNING_STACKS, testTimeout: 420_000, hookTimeout: 120_000, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
});
