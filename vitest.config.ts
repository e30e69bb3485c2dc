import { defineConfig } from 'vitest/config'

const shared = { isolate: false, maxWorkers: 2, testTimeout: 60_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'fast',
          include: ['{contracts,kit,kit-store,planes,edge,server,world,portal,tools,programmes}/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['tests/support/engines.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'proofs',
          include: ['bench/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
        },
      },
      {
        // Whole platforms, each with its own engines, ports and folder: two at a time, since they often wait.
        test: {
          ...shared,
          name: 'stories',
          include: ['tests/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
    ],
  },
})
