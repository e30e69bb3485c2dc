import { finish, step, vitest } from './steps.ts'

// `npm test`: everything that `npm run check` does, the portal's build, and the stories over a running platform.
finish([
  await step('format and lint', 'biome', ['check', '--error-on-warnings', '.']),
  await step('types', 'tsc', ['--noEmit']),
  await step('unused code', 'knip', ['--no-progress']),
  await step('generated documents', 'node', ['tools/docs.ts', '--check']),
  await step('the portal builds', 'npm', ['run', '--silent', 'build']),
  await vitest('tests', ['--project', 'fast']),
  await vitest('proofs', ['--project', 'proofs']),
  await vitest('stories', ['--project', 'stories']),
])
