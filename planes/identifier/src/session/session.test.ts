import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  defaultFlags,
  encryptedMessage,
  macHolds,
  newValue,
  operationFlags,
  operations,
  responses,
  sessionCiphers,
  signatureHolds,
} from '../handle/handle.ts'
import { coveredPart } from '../handle/message.ts'
import { administratorValues } from '../node/administrator.ts'
import { IdentifierNode } from '../node/node.ts'
import { TestStores } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { makeServerKey } from '../trust/node-keys.ts'
import { sessionLimits } from './limits.ts'
import { ReplayWindow } from './replay-window.ts'
import { answerTo, readAll, requestOf, SessionClient } from './testing.ts'

const fuzzRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 2_000)
const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
const server = makeServerKey()
const faults: unknown[] = []
const user = { handle: '0.NA/88.1', index: 301, secret: 's3cret' }
const hidden = newValue(7, 'SECRET', Buffer.from('for administrators'), { permissions: 0x0c })
const open = newValue(1, 'URL', Buffer.from('https://example.com'))
let records: Awaited<ReturnType<typeof storeWith>>
let node: IdentifierNode
const make = (keys = { server }) =>
  new IdentifierNode({
    ...{ records, host: '127.0.0.1', address: '127.0.0.1', port: 0, homes: ['88.1'], keys, clock },
    onFault: (fault) => faults.push(fault),
  })
beforeAll(async () => {
  records = await storeWith(stores, [
    ['0.NA/88.1', administratorValues('88.1', { secret: user.secret }, 0)],
    ['88.1/a', [open, hidden]],
  ])
  node = make()
})
afterAll(async () => {
  await stores.close()
  expect(faults).toEqual([])
})
const client = (of = node) => new SessionClient((frame) => of.service.answer(frame))
const resolve = (flags?: number) => ({
  operation: operations.resolve,
  body: { kind: 'resolve' as const, handle: '88.1/a', indexes: [], types: [] },
  ...(flags !== undefined && { flags }),
})
const own = () => {
  const { publicKey, privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return { key, publicKey }
}
const codeOf = async (said: ReturnType<SessionClient['ask']>) => (await said)?.message.response

test.each([
  ['the client’s RSA key', 1, sessionCiphers.aes],
  ['the server’s RSA key', 2, sessionCiphers.sm4],
  ['Diffie-Hellman', 4, sessionCiphers.aes],
])(
  'a session by %s: what is hidden is read in it by a proven user, and goes over the wire encrypted',
  async (_, mode, cipher) => {
    const session = client()
    expect(await session.setUp(mode, { own: mode === 1 ? own() : undefined })).toBe(responses.success)
    expect(session.key?.cipher).toBe(cipher)
    const question = resolve(readAll | operationFlags.certify)
    const challenge = await session.askInside(question)
    if (challenge === undefined || session.key === undefined) throw new Error('no challenge')
    expect(challenge.message.response).toBe(responses.authenticationNeeded)
    const answer = answerTo(challenge, question, user)
    const { key } = session
    const message = { operation: operations.challengeResponse, body: answer }
    const read = await session.askInside({ ...message, sessionId: challenge.envelope.sessionId })
    expect(read?.message.body).toMatchObject({ kind: 'values', values: [{ index: 1 }, { index: 7 }] })
    expect([read?.sent.includes('administrators'), read?.bytes.includes('administrators')]).toEqual([false, true])
    const { credential } = read?.message ?? {}
    const vouched = read && credential && macHolds(credential, key.bytes, read.envelope, coveredPart(read.bytes))
    expect(vouched).toBe(true)
    // Who was proven is so for that request, not for the next one.
    expect(await codeOf(session.askInside(question))).toBe(responses.authenticationNeeded)
  },
)

test('the answer to a setup is signed with the key of the site', async () => {
  const data = { mode: 2, timeoutSeconds: 600, identity: { handle: '', index: 0 } }
  const said = await client().ask({
    operation: operations.sessionSetup,
    body: { kind: 'sessionSetup', ...data },
    flags: operationFlags.certify,
  })
  const key = { kind: 'rsa', key: createPublicKey(server) } as const
  const { credential } = said?.message ?? {}
  expect(said && credential && signatureHolds(credential, key, said.envelope, coveredPart(said.bytes))).toBe(true)
})

test('what was said is not taken again: by its counter, and without one by the id of its request', async () => {
  const session = client()
  await session.setUp(4)
  expect(await codeOf(session.askInside({ ...resolve(), counter: 1 }))).toBe(responses.success)
  expect(await codeOf(session.askInside({ ...resolve(), counter: 1 }))).toBe(responses.sessionReplay)
  // By UDP it was sent again because its answer is under way.
  expect(await session.askInside({ ...resolve(), counter: 1, byUdp: true })).toBeUndefined()
  const { key, id } = session
  if (key === undefined) throw new Error('no session')
  const bare = requestOf(resolve().operation, resolve().body, defaultFlags)
  const said = () =>
    session.say(encryptedMessage(key, bare, randomBytes(16)), { sessionId: id, encrypted: true, requestId: 77 })
  expect([await codeOf(said()), await codeOf(said())]).toEqual([responses.success, responses.sessionReplay])
})

test('a window forgets the lowest counters and takes none below them, and the oldest ids', () => {
  const counters = new ReplayWindow({ ordered: true })
  const ids = new ReplayWindow({ ordered: false })
  for (let i = 1; i <= sessionLimits.replayWindow + 1; i++)
    expect([counters.takes(i), ids.takes(1_000 - i)]).toEqual([true, true])
  expect([counters.takes(1), counters.takes(0), counters.takes(2), counters.takes(5_000)]).toEqual([
    false,
    false,
    false,
    true,
  ])
  expect([ids.takes(999), ids.takes(900), ids.takes(5)]).toEqual([true, false, true])
})

test('a session that is unknown, over or ended is told so; only its key speaks in it', async () => {
  const session = client()
  await session.setUp(4)
  const stranger = client()
  Object.assign(stranger, { id: session.id, key: { cipher: sessionCiphers.aes, bytes: Buffer.alloc(32) } })
  expect([responses.sessionFailed, responses.protocolError, responses.invalidCredential]).toContain(
    await codeOf(stranger.askInside(resolve())),
  )
  const end = { operation: operations.sessionTerminate, body: { kind: 'empty' as const } }
  expect(await codeOf(session.ask(end, session.id))).toBe(responses.invalidCredential)
  expect(await codeOf(session.askInside(end))).toBe(responses.success)
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.sessionTimeout)
  expect(await codeOf(session.ask(end, session.id))).toBe(responses.sessionTimeout)
  await session.setUp(4)
  time.now += 599_000
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.success)
  time.now += 601_000
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.sessionTimeout)
})

test('a request that was changed on its way is refused', async () => {
  const session = client()
  await session.setUp(4)
  const { key } = session
  Object.assign(session, {
    key: key && { ...key, bytes: Buffer.concat([key.bytes.subarray(0, 16), Buffer.alloc(16)]) },
  })
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.invalidCredential)
})

test('DES, key exchanges and versions that are not offered, keys that are none, and nodes without a key are refused', async () => {
  const session = client()
  const identity = { handle: '', index: 0 }
  const setup = (body: object) =>
    session.ask({
      operation: operations.sessionSetup,
      body: { kind: 'sessionSetup', mode: 2, timeoutSeconds: 0, identity, ...body },
    })
  const begun = await setup({})
  session.id = begun?.envelope.sessionId ?? 0
  const { body } = begun?.message ?? {}
  const serverKey = body?.kind === 'sessionAnswer' ? Buffer.from(body.data) : Buffer.alloc(0)
  expect(await session.sendKey(serverKey, { cipher: sessionCiphers.des, bytes: randomBytes(8) })).toBe(
    responses.sessionNotSupported,
  )
  expect(await session.sendKey(serverKey, { cipher: sessionCiphers.aes, bytes: randomBytes(16) })).toBe(
    responses.sessionTimeout,
  )
  const other = await setup({})
  session.id = other?.envelope.sessionId ?? 0
  const early = await session.say(Buffer.alloc(32), { sessionId: session.id, encrypted: true })
  expect(early?.message.response).toBe(responses.noSessionKey)
  expect(await session.sendKey(serverKey, { cipher: sessionCiphers.aes, bytes: randomBytes(16) })).toBe(
    responses.success,
  )
  expect(await session.sendKey(serverKey, { cipher: sessionCiphers.aes, bytes: randomBytes(16) })).toBe(
    responses.invalidSessionSetup,
  )
  expect(await codeOf(setup({ mode: 3, exchangeKey: identity }))).toBe(responses.sessionNotSupported)
  expect(await codeOf(setup({ mode: 4, publicKey: Buffer.alloc(9) }))).toBe(responses.invalidSessionSetup)
  session.version = { major: 2, minor: 5 }
  expect(await codeOf(setup({}))).toBe(responses.sessionNotSupported)
  const bare = new IdentifierNode({ records, host: '127.0.0.1', address: '127.0.0.1', port: 0, homes: ['88.1'], clock })
  expect(await client(bare).setUp(4)).toBe(responses.sessionNotSupported)
})

test('a flood of setups from one address keeps out no other, and ends no session that is in use', async () => {
  const flooded = make()
  const session = client(flooded)
  expect(await session.setUp(4, { from: '10.0.0.1' })).toBe(responses.success)
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.success)
  const codes: (number | undefined)[] = []
  for (let i = 0; i < 70; i++) codes.push(await client(flooded).setUp(2, { from: '10.0.0.2' }))
  expect([codes.filter((code) => code === 1).length, codes.at(-1)]).toEqual([60, responses.dailyLimit])
  expect(await client(flooded).setUp(4, { from: '10.0.0.3' })).toBe(responses.success)
  for (let i = 0; i < 70; i++) codes.push(await client(flooded).setUp(2, { from: `10.0.1.${i}` }))
  expect(codes.at(-1)).toBe(responses.serverBusy)
  expect(await codeOf(session.askInside(resolve()))).toBe(responses.success)
})

test('damaged and random messages in a session are answered, and never by a fault', async () => {
  const session = client()
  await session.setUp(4)
  const { key, id } = session
  if (key === undefined) throw new Error('no session')
  const whole = encryptedMessage(key, requestOf(resolve().operation, resolve().body, defaultFlags), randomBytes(16))
  const damaged = fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 3 })
    .map((changes) =>
      changes.reduce(
        (bytes, [at, byte]) => Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + 1)]),
        whole,
      ),
    )
  const inside = fc.uint8Array({ maxLength: 200 }).map((bytes) => encryptedMessage(key, bytes, randomBytes(16)))
  const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, inside, anything), async (message) => {
      const said = await session.say(message, { sessionId: id, encrypted: true })
      expect(said === undefined || said.message.response > 0).toBe(true)
    }),
    { numRuns: fuzzRuns },
  )
})
