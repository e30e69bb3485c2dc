import { finish, step, vitest } from './steps.ts'

// The fast loop: format, lint, types, unused code, generated documents, and the tests that need no running platform.
finish([
  await step('format and lint', 'biome', ['check', '--error-on-warnings', '.']),
  await step('types', 'tsc', ['--noEmit']),
  await step('unused code', 'knip', ['--no-progress']),
  await step('generated documents', 'node', ['tools/docs.ts', '--check']),
  await vitest('fast tests', ['--project', 'fast']),
])
