import { expect, test } from 'vitest'
import { loggedPath } from './logged-path.ts'

test('a device token or a one-time link in a path does not reach the log', () => {
  expect(loggedPath('/api/v1/KDNWRE0secret/telemetry?x=1')).toBe('/api/v1/…/telemetry')
  expect(loggedPath('/api/join/secret')).toBe('/api/join/…')
  expect(loggedPath('/api/cases/1/files?role=invoice')).toBe('/api/cases/1/files')
})
