import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A zone that changes its clocks, so that the tests of local hours mean something.
    env: { TZ: 'Europe/Berlin' },
  },
});
