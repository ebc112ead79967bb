import { defineConfig } from 'vite';

// The player as one file that any page can load, from this server or a copy of its own: the same
// folder as the page's build, which goes first and empties it.
export default defineConfig({
  build: {
    outDir: '../src/footage/api/static',
    emptyOutDir: false,
    copyPublicDir: false,
    license: { fileName: 'player-licenses.md' },
    target: 'es2022',
    lib: { entry: 'src/player/index.ts', formats: ['es'], fileName: () => 'player.js' },
  },
});
