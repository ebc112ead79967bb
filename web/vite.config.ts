import { defineConfig } from 'vite';

// The output is part of the Python package, which serves it under any path prefix: hence the
// relative base. Nothing is inlined, so a strict Content-Security-Policy needs no exception.
export default defineConfig({
  base: './',
  build: {
    outDir: '../src/footage/api/static',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // The API description's library is one large file by nature; only that page loads it.
    chunkSizeWarningLimit: 2000,
    // The licences of what is bundled ask to go along with it.
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: { input: { index: 'index.html', docs: 'docs.html' } },
  },
});
