import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import {
  adminPermissions,
  type Body,
  decodeMessage,
  encodeData,
  type HandleMessage,
  type HandleValue,
  newValue,
  operationFlags,
  operations,
  ourVersion,
  publicKeyAnswer,
  responses,
  rsaPublicKeyData,
  secretKeyAnswer,
} from '../handle/handle.ts'
import { Homes } from '../node/homes.ts'
import { NodeService } from '../node/service.ts'
import { Rates } from '../rate/rates.ts'
import { exchangeOf } from '../resolution/exchange.ts'
import { TestStores } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { registrationLimits } from './limits.ts'
import { Registrar } from './registrar.ts'

const value = (index: number, type: string, data: string | Uint8Array, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { permissions })
const admin = (index: number, handle: string, key: number, permissions = 0xfff) =>
  value(index, 'HS_ADMIN', encodeData({ format: 'admin', permissions, handle, index: key }))
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const prefix = '0.NA/88.608.8889'
const part = '88.608.8889/part'

const stores = new TestStores()
afterAll(() => stores.close())

async function nodeWith(more: (readonly [string, HandleValue[]])[] = [], rates = new Rates()) {
  const time = { now: 1_735_646_400_000 }
  const clock = { now: () => time.now }
  const records = await storeWith(stores, [
    [
      prefix,
      [
        admin(100, prefix, 301),
        admin(101, prefix, 200),
        value(200, 'HS_VLIST', encodeData({ format: 'vlist', references: [{ handle: '88.608.8889/li', index: 300 }] })),
        value(301, 'HS_SECKEY', 's3cret', 0x0c),
      ],
    ],
    ['88.608.8889/li', [value(300, 'HS_PUBKEY', encodeData({ format: 'key', key: rsaPublicKeyData(rsa.publicKey) }))]],
    ['88.608.8889/wang', [value(301, 'HS_SECKEY', 'w4ng', 0x0c)]],
    ...more,
  ])
  const homes = new Homes(records, ['88.608.8889'])
  const findRecord = async (handle: string) => records.find(handle)
  const administrators = [{ handle: prefix, index: 301 }]
  const registrar = new Registrar({ records, homes, findRecord, administrators, rates, clock })
  const service = new NodeService({ records, homes, registrar, recursion: undefined, site: () => undefined, clock })
  let requestId = 0

  const send = async (operation: number, body: Body, { flags = 0, sessionId = 0 } = {}) => {
    const { envelope, bytes } = exchangeOf(operation, body, flags)
    const answer = await service.answer({
      envelope: { ...envelope, sessionId, requestId: ++requestId },
      message: bytes,
    })
    if (answer === undefined) throw new Error('no answer')
    return { ...decodeMessage(answer.message), sessionId: answer.envelope.sessionId }
  }
  type Key = { handle: string; index: number; secret?: string }
  const prove = (challenge: HandleMessage & { sessionId: number }, { handle, index, secret }: Key) => {
    if (challenge.body.kind !== 'challenge' || challenge.requestDigest === undefined) throw new Error('no challenge')
    const given = { nonce: challenge.body.nonce, requestDigest: challenge.requestDigest.digest }
    const answer = secret
      ? secretKeyAnswer(Buffer.from(secret), given, randomBytes(16), ourVersion)
      : publicKeyAnswer({ kind: 'rsa', key: rsa.privateKey, digest: 'SHA-256' }, given)
    const authenticationType = secret ? 'HS_SECKEY' : 'HS_PUBKEY'
    return send(
      operations.challengeResponse,
      { kind: 'challengeAnswer', authenticationType, handle, index, answer },
      { sessionId: challenge.sessionId },
    )
  }
  const as =
    (key: Key) =>
    async (operation: number, body: Body, flags = 0) => {
      const first = await send(operation, body, { flags })
      return first.response === responses.authenticationNeeded ? prove(first, key) : first
    }
  return {
    send,
    prove,
    records,
    homes,
    time,
    asOwner: as({ handle: prefix, index: 301, secret: 's3cret' }),
    asLi: as({ handle: '88.608.8889/li', index: 300 }),
    asWang: as({ handle: '88.608.8889/wang', index: 301, secret: 'w4ng' }),
  }
}

const create = (handle: string, ...values: HandleValue[]): Body => ({ kind: 'values', handle, values })
const url = value(1, 'URL', 'https://example.com/1')

describe('who may', () => {
  test('who may read everything reads no secret key, unless they may change the administrators too', async () => {
    const { asWang, asOwner } = await nodeWith([
      [
        part,
        [admin(100, '88.608.8889/wang', 301, 0x400), value(301, 'HS_SECKEY', 's', 0x0c), value(2, 'COST', '1', 0x0c)],
      ],
    ])
    const read = { kind: 'resolve' as const, handle: part, indexes: [], types: [] }
    const indexes = ({ body }: HandleMessage) => (body.kind === 'values' ? body.values.map(({ index }) => index) : [])
    expect(indexes(await asWang(operations.resolve, read))).toEqual([2, 100])
    // Where nothing else is closed they are told what is open, not refused.
    await asOwner(operations.removeValue, { kind: 'removeValues', handle: part, indexes: [2] })
    expect(indexes(await asWang(operations.resolve, read))).toEqual([100])
    expect(indexes(await asOwner(operations.resolve, read))).toEqual([100, 301])
  })

  test('a prefix’s administrator creates, by a secret key; the name is kept as written and found in any case of the prefix', async () => {
    const { asOwner, records, time } = await nodeWith()
    const made = await asOwner(operations.create, create('88.608.8889/Part', url))
    expect(made).toMatchObject({
      operation: operations.create,
      response: responses.success,
      body: { handle: '88.608.8889/Part' },
    })
    expect(records.find('88.608.8889/Part')?.[0]).toMatchObject({ index: 1, timestamp: time.now / 1_000 })
  })

  test('a member of a group that administers does so by a public key; somebody else does not', async () => {
    const { asLi, asWang, records } = await nodeWith()
    expect((await asWang(operations.create, create(part, url))).response).toBe(responses.noPermission)
    expect(records.find(part)).toBeUndefined()
    expect((await asLi(operations.create, create(part, url))).response).toBe(responses.success)
  })

  test('after so many wrong answers none is looked at, whichever key of the user they name', async () => {
    const { send, prove, time } = await nodeWith([], new Rates({ guessesOfUser: { perS: 0.1, burst: 3 } }))
    const answer = async (index: number, secret: string) =>
      (await prove(await send(operations.create, create(part, url)), { handle: prefix, index, secret })).response
    const { authenticationFailed, dailyLimit, success } = responses
    expect([await answer(301, 'a'), await answer(0, 'b'), await answer(7, 'c')]).toEqual(
      Array(3).fill(authenticationFailed),
    )
    expect([await answer(301, 'd'), await answer(301, 's3cret')]).toEqual([dailyLimit, dailyLimit])
    time.now += 10_000
    expect(await answer(301, 's3cret')).toBe(success)
  })

  test('an answer to a challenge counts once, and only in its time', async () => {
    const { send, prove, time, records } = await nodeWith()
    const key = { handle: prefix, index: 301, secret: 's3cret' }
    const challenge = await send(operations.create, create(part, url))
    expect((await prove(challenge, { ...key, secret: 'guessed' })).response).toBe(responses.authenticationFailed)
    expect((await prove(challenge, key)).response).toBe(responses.authenticationFailed)
    const late = await send(operations.create, create(part, url))
    time.now += registrationLimits.challengeMs + 1
    expect((await prove(late, key)).response).toBe(responses.authenticationTimeout)
    expect(records.find(part)).toBeUndefined()
  })

  test('whoever is not known is told so', async () => {
    const { send, prove } = await nodeWith()
    const challenge = await send(operations.create, create(part, url))
    const answer = await prove(challenge, { handle: '88.608.8889/nobody', index: 300, secret: 'x' })
    expect(answer.response).toBe(responses.unableToAuthenticate)
  })

  test('groups that name each other end, and give nothing to who is in none', async () => {
    const loop = (other: string) => [
      value(200, 'HS_VLIST', encodeData({ format: 'vlist', references: [{ handle: other, index: 200 }] })),
    ]
    const { asWang } = await nodeWith([
      ['88.608.8889/a', loop('88.608.8889/b')],
      ['88.608.8889/b', loop('88.608.8889/a')],
      [part, [url, admin(100, '88.608.8889/a', 200)]],
    ])
    expect((await asWang(operations.delete, { kind: 'handle', handle: part })).response).toBe(responses.noPermission)
  })

  test('an administrator does what its bits say and no more', async () => {
    const { asWang } = await nodeWith([
      [part, [url, admin(100, '88.608.8889/wang', 301, adminPermissions.modifyValue)]],
    ])
    const changed = value(1, 'URL', 'https://example.com/2')
    expect((await asWang(operations.modifyValue, create(part, changed))).response).toBe(responses.success)
    for (const [operation, body] of [
      [operations.delete, { kind: 'handle', handle: part }],
      [operations.addValue, create(part, value(2, 'EMAIL', 'a@example.com'))],
      [operations.modifyValue, create(part, admin(100, '88.608.8889/wang', 301))],
      [operations.removeValue, { kind: 'removeValues', handle: part, indexes: [1] }],
    ] satisfies [number, Body][])
      expect((await asWang(operation, body)).response).toBe(responses.noPermission)
  })
})

describe('what is changed', () => {
  test('values are added, changed and removed, each refusal with its own code', async () => {
    const { asOwner, records } = await nodeWith([[part, [url, value(5, 'TEXT', 'for ever', 0x02)]]])
    const codeOf = async (operation: number, body: Body, flags = 0) => (await asOwner(operation, body, flags)).response
    const email = value(2, 'EMAIL', 'a@example.com')
    expect(await codeOf(operations.create, create(part, url))).toBe(responses.handleExists)
    expect(await codeOf(operations.addValue, create(part, email))).toBe(responses.success)
    expect(await codeOf(operations.addValue, create(part, email))).toBe(responses.valueExists)
    expect(await codeOf(operations.addValue, create(part, email), operationFlags.overwrite)).toBe(responses.success)
    expect(await codeOf(operations.modifyValue, create(part, value(9, 'URL', 'x')))).toBe(responses.valuesNotFound)
    expect(await codeOf(operations.modifyValue, create(part, value(5, 'TEXT', 'else')))).toBe(responses.noPermission)
    expect(await codeOf(operations.removeValue, { kind: 'removeValues', handle: part, indexes: [2, 9] })).toBe(
      responses.valuesNotFound,
    )
    expect(await codeOf(operations.removeValue, { kind: 'removeValues', handle: part, indexes: [2] })).toBe(
      responses.success,
    )
    expect(records.find(part)?.map(({ index }) => index)).toEqual([1, 5])
    expect(await codeOf(operations.delete, { kind: 'handle', handle: part })).toBe(responses.success)
    expect(await codeOf(operations.delete, { kind: 'handle', handle: part })).toBe(responses.handleNotFound)
  })

  test('what cannot be a record is refused with the value that it is about', async () => {
    const { asOwner } = await nodeWith()
    const refused = async (...values: HandleValue[]) => await asOwner(operations.create, create(part, ...values))
    expect(await refused()).toMatchObject({ response: responses.invalidValue })
    expect(await refused(value(0, 'URL', 'x'))).toMatchObject({
      response: responses.invalidValue,
      body: { indexes: [0] },
    })
    expect(await refused(url, url)).toMatchObject({ response: responses.invalidValue, body: { indexes: [1] } })
    expect(await refused(value(3, 'HS_ADMIN', 'no'))).toMatchObject({
      response: responses.invalidValue,
      body: { message: expect.stringContaining('at byte 2'), indexes: [3] },
    })
    expect((await asOwner(operations.create, create('no-slash', url))).response).toBe(responses.invalidHandle)
    expect((await asOwner(operations.create, create('88.608.1/x', url))).response).toBe(responses.notResponsible)
  })

  test('a value that everybody may write needs nobody’s right', async () => {
    const { send, records } = await nodeWith([[part, [value(1, 'NOTE', 'old', 0x0f)]]])
    expect((await send(operations.modifyValue, create(part, value(1, 'NOTE', 'new', 0x0f)))).response).toBe(
      responses.success,
    )
    expect(Buffer.from(records.find(part)?.[0]?.data ?? '').toString()).toBe('new')
  })

  test('the node gives a name where it is asked to', async () => {
    const { asOwner, records } = await nodeWith()
    const { body } = await asOwner(operations.create, create('88.608.8889/', url), operationFlags.mintSuffix)
    const handle = body.kind === 'handle' ? body.handle : ''
    expect(handle).toMatch(/^88\.608\.8889\/[0-9a-f-]{36}$/)
    expect(records.find(handle)).toHaveLength(1)
  })
})

test('values that only administrators read come after a proof, and never to somebody else', async () => {
  const { send, asOwner, asWang } = await nodeWith([
    [part, [url, value(7, 'COST', '12.50', 0x0c), value(8, 'LOST', 'x', 0)]],
  ])
  const all: Body = { kind: 'resolve', handle: part, indexes: [], types: [] }
  const indexesOf = ({ body }: HandleMessage) => (body.kind === 'values' ? body.values.map(({ index }) => index) : body)
  expect(indexesOf(await send(operations.resolve, all, { flags: operationFlags.publicOnly }))).toEqual([1])
  expect(indexesOf(await asOwner(operations.resolve, all))).toEqual([1, 7])
  expect((await asWang(operations.resolve, all)).response).toBe(responses.noPermission)
})

test('prefixes are homed and given up by the node’s administrator alone, and listed by who may', async () => {
  const { asOwner, asLi, homes } = await nodeWith([[part, [url]]])
  const named: Body = { kind: 'handle', handle: '0.NA/88.608.1' }
  expect((await asLi(operations.home, named)).response).toBe(responses.noPermission)
  expect((await asOwner(operations.home, named)).response).toBe(responses.success)
  expect(homes.answersFor('88.608.1/x')).toBe(true)
  expect(await asOwner(operations.listHomed, { kind: 'handle', handle: '/' })).toMatchObject({
    body: { names: ['0.NA/88.608.1', prefix] },
  })
  expect((await asOwner(operations.unhome, named)).response).toBe(responses.success)
  expect((await asOwner(operations.unhome, { kind: 'handle', handle: prefix })).response).toBe(responses.invalidHandle)
  expect(homes.answersFor('88.608.1/x')).toBe(false)
  expect(await asOwner(operations.listHandles, { kind: 'handle', handle: prefix })).toMatchObject({
    body: { names: ['88.608.8889/li', part, '88.608.8889/wang'] },
  })
})
