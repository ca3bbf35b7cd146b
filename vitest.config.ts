import { defineConfig } from 'vitest/config';

/** `unit` needs nothing but the tree and runs in `npm run check`; `system` meets real peers, processes and terminals. */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/totals-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/{e2e,scenario,contract,bench}/**'],
          // They are done in milliseconds, but not on a machine that others keep busy.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/{e2e,scenario,contract}/**/*.test.{ts,tsx}'],
          globalSetup: ['test/support/peers.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
