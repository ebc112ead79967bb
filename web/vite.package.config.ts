import { defineConfig } from 'vite';

// The npm package: ours alone, its dependencies are left to the bundler of whoever installs it.
export default defineConfig({
  build: {
    outDir: 'dist',
    copyPublicDir: false,
    minify: false,
    target: 'es2022',
    lib: { entry: 'src/player/index.ts', formats: ['es'], fileName: () => 'index.js' },
    rolldownOptions: { external: [/^lit($|\/)/, /^hls\.js($|\/)/] },
  },
});
