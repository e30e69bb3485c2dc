import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contracts,kit,kit-store,planes,edge,server,world,portal,tests,tools}/**/*.test.ts'],
    globalSetup: ['tests/support/engines.ts'],
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
