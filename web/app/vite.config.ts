import { defineConfig } from 'vite';

const server = process.env.BIGBOARD_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/',
  resolve: { conditions: ['bigboard-source', 'module', 'browser', 'development|production'] },
  build: {
    // The gateway serves the page from its own package, so that a pip user needs no Node.
    outDir: '../../src/bigboard/gateway/page',
    emptyOutDir: true,
    target: 'es2022',
    // A data: URL in a stylesheet would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: {
    proxy: {
      '/ws': { target: server, ws: true },
      '/api': server,
      '/health': server,
    },
  },
});
