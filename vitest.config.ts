import { defineConfig } from 'vitest/config';

/** Patience, not a measure: a test that waits this long has failed. Timing bounds live in test/bench. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/support/install-sipp.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...patience } },
      {
        extends: true,
        test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...patience, sequence: { groupOrder: 1 } },
      },
      {
        // A whole Earpiece, three phones and their 20 ms frames want a core for themselves: one file at a time.
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...patience,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
