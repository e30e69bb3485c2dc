import { finish, runChecks, step, vitest } from './steps.ts'

// `npm test`: everything that `npm run check` does, the portal's build, and the stories over a running platform.
finish([
  ...(await runChecks()),
  await step('the portal builds', 'npm', ['run', '--silent', 'build']),
  await vitest('tests', ['--project', 'fast']),
  await vitest('proofs', ['--project', 'proofs']),
  await vitest('stories', ['--project', 'stories']),
])
