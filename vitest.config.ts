import { defineConfig } from 'vitest/config';

// Tests read the sources of the workspace packages (export condition `vivarium-src`), so no build stands between an edit and its test.
// Never add 'import' or 'default' here: Vitest hands these words to Node as --conditions, and require('ws') inside Socket.IO then picks
// the ESM wrapper ("wsEngine is not a constructor").
const conditions = ['vivarium-src', 'module', 'node', 'development|production'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: ['vivarium-src', 'node'] } },
  test: {
    reporters: ['default', './scripts/plain-reporter.mjs'],
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/src/**/*.test.ts', 'apps/*/web/**/*.test.{ts,tsx}'],
          // Milliseconds each; the limit is for a property on a machine that has other things to do.
          testTimeout: 30_000,
        },
      },
      {
        // Real processes, real files, a real browser: one file at a time, so that timings mean something on two cores.
        extends: true,
        test: {
          name: 'e2e',
          include: ['packages/e2e/test/**/*.test.ts', 'apps/*/e2e/**/*.e2e.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // As patient as the locators of a page.
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
});
