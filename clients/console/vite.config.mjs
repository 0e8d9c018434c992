import { join } from 'node:path';
import { defineConfig } from 'vite';

/** `npx vite clients/console` serves the sources, with the API of a server on port 8000 whose PUBLIC_URL is Vite's. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  server: { proxy: { '/api': 'http://localhost:8000' } },
  build: {
    outDir: join(import.meta.dirname, '../../dist/console'),
    emptyOutDir: true,
    // The policy allows neither inline scripts nor inline styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of what is in the bundle: the licenses ask for it.
    license: { fileName: 'third-party-notices.md' },
    target: 'es2022',
  },
});
