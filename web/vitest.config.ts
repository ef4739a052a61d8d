import { defineConfig } from 'vitest/config';

// The packages are tested from their sources, so that no build stands between an edit and its test.
export default defineConfig({
  resolve: { conditions: ['bigboard-source', 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: ['bigboard-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'app/test/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
