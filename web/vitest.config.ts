import { defineConfig } from 'vitest/config';
import { UnsteadyReporter } from './unsteadyReporter.ts';

// The packages are tested from their sources, so that no build stands between an edit and its test.
export default defineConfig({
  resolve: { conditions: ['bigboard-source', 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: ['bigboard-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'app/test/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 20_000,
    // A law that one example breaks is broken, whatever the next examples say.
    retry: { count: 1, condition: /^(?!Property failed)/ },
    reporters: ['default', new UnsteadyReporter()],
  },
});
