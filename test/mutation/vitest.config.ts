import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The file that failed last comes first, then the quickest: most mutants die within one file. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = (file: TestSpecification) => {
      const known = this.ctx.cache.getTestSpecificationResult(file);
      return known === undefined ? 1_000 : known.failed ? 0 : known.duration;
    };
    return files.toSorted((one, other) => cost(one) - cost(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/core/*.test.ts'],
    setupFiles: ['test/mutation/setup.ts'],
    env: { CROSSDOCK_RUNS: '0.04' },
    sequence: { sequencer: QuickestFirst },
    // One worker for the files of a mutant: three times as fast.
    isolate: false,
    testTimeout: 20_000,
  },
});
