import { defineConfig } from 'vite';

// The player as one file that any page can load, from this server or a copy of its own: the same
// folder as the page's build, which goes first and empties it. It is an entry and no `lib`, which would
// leave its spaces in.
export default defineConfig({
  build: {
    outDir: '../src/footage/api/static',
    emptyOutDir: false,
    copyPublicDir: false,
    license: { fileName: 'player-licenses.md' },
    modulePreload: false,
    target: 'es2022',
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: 'src/player/index.ts',
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: 'player.js' },
    },
  },
});
