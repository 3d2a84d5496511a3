import fc from 'fast-check';

// The same examples in every run, and no search for the smallest one: it is enough that a test fails.
fc.configureGlobal({ seed: 1, numRuns: 20, endOnFailure: true });
