import { finish, runChecks, vitest } from './steps.ts'

// The fast loop: format, lint, types, unused code, boundaries, documents, and the tests that need no running platform.
finish([...(await runChecks()), await vitest('fast tests', ['--project', 'fast'])])
