import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { jwkOf, jwsKinds } from '../handle/handle.ts'
import { NodeKeyError, recordsKeyIn, serverKeyIn } from './node-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'kapok-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777

test.each(jwsKinds)('the %s key of a node is made once, for its owner alone', (kind) => {
  const key = recordsKeyIn(folder, kind)
  expect(modeOf(`records-key-${kind}.jwk`)).toBe(0o600)
  expect(jwkOf(recordsKeyIn(folder, kind))).toEqual(jwkOf(key))
})

test('so is the key of its server', () => {
  const key = serverKeyIn(folder)
  expect(modeOf('server-key.pem')).toBe(0o600)
  expect(serverKeyIn(folder).equals(key)).toBe(true)
})

test('a file that holds no key, or one of another kind, is told and never replaced', () => {
  recordsKeyIn(folder, 'sm2')
  writeFileSync(join(folder, 'server-key.pem'), 'nothing')
  expect(() => serverKeyIn(folder)).toThrow(NodeKeyError)
  recordsKeyIn(folder, 'ed25519')
  const other = readFileSync(join(folder, 'records-key-ed25519.jwk'), 'utf8')
  for (const text of ['{', '{}', other]) {
    writeFileSync(join(folder, 'records-key-sm2.jwk'), text)
    expect(() => recordsKeyIn(folder, 'sm2')).toThrow('put it back from a backup')
  }
})
