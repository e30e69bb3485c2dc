import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  encodeData,
  newValue,
  operations,
  ourVersion,
  responses,
  rsaPublicKeyData,
  secretKeyAnswer,
} from '../handle/handle.ts'
import { rateLimits } from '../rate/limits.ts'
import { Health } from '../recursion/health.ts'
import { ElsewhereVerifier } from '../recursion/verify-elsewhere.ts'
import { verifyByTcp } from '../resolution/client.ts'
import { answerTo, readAll, SessionClient } from '../session/testing.ts'
import { TestStores } from '../store/testing.ts'
import { makeServerKey } from '../trust/node-keys.ts'
import { type Simulation, startSimulation } from './simulation.ts'

const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
const faults: unknown[] = []
const [maker, customer, keyless] = ['88.901.1001', '88.902.1001', '88.903.1001'] as const
const server = makeServerKey()
let tree: Simulation
beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    clock,
    keys: (name) => (name === keyless ? {} : { server }),
    onFault: (fault) => faults.push(fault),
  })
  const secret = (handle: string, index: number, key: string) => ({
    values: [newValue(index, 'HS_SECKEY', Buffer.from(key), { permissions: 0x0c })],
    handle,
  })
  for (const { handle, values } of [secret(`${customer}/wang`, 301, 'w1'), secret(`${keyless}/zhao`, 301, 'z1')])
    await write(handle, values)
  const hardness = newValue(2_002, 'HARDNESS', Buffer.from('58'), { permissions: 0x0c })
  const cost = newValue(2_003, 'COST', Buffer.from('12.5'), { permissions: 0x0c })
  const references = [`${customer}/wang`, `${keyless}/zhao`].map((handle) => ({ handle, index: 301 }))
  const readers = { ...newValue(1_001, 'READERS', Buffer.from('[2002]')), references }
  await write(`${maker}/lent`, [readers, hardness, cost])
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
  expect(faults).toEqual([])
})
const write = async (handle: string, next: ReturnType<typeof newValue>[]) => {
  const { records } = tree.nodes.get(handle.split('/')[0] ?? '') ?? {}
  const written = await records?.change<never>(handle, '', () => ({ next }))
  expect(written?.done).toBe(true)
}
const question = {
  operation: operations.resolve,
  body: { kind: 'resolve' as const, handle: `${maker}/lent`, indexes: [], types: [] },
  flags: readAll,
}
/** What the maker's node says to whoever answers its challenge as a user: the indexes read, or a response code. */
async function readAs(user: { handle: string; index: number; secret: string }) {
  const node = tree.nodes.get(maker)
  const client = new SessionClient((frame) => node?.service.answer(frame))
  const challenge = await client.ask(question)
  if (challenge === undefined) throw new Error('no challenge')
  const answer = { operation: operations.challengeResponse, body: answerTo(challenge, question, user) }
  const { message } = (await client.ask(answer, challenge.envelope.sessionId)) ?? {}
  return message?.body.kind === 'values' ? message.body.values.map(({ index }) => index) : message?.response
}

test('a user with a secret key at another node reads a field of a group: their own node says that it was used', async () => {
  const wang = { handle: `${customer}/wang`, index: 301 }
  expect(await readAs({ ...wang, secret: 'w1' })).toEqual([1_001, 2_002])
  expect(await readAs({ ...wang, secret: 'w2' })).toBe(responses.authenticationFailed)
  expect(await readAs({ ...wang, index: 302, secret: 'w1' })).toBe(responses.authenticationFailed)
  // Which of the keys it was stays with the other node, so the index has to be named.
  expect(await readAs({ ...wang, index: 0, secret: 'w1' })).toBe(responses.authenticationFailed)
  // A site without a key is believed as it answers.
  expect(await readAs({ handle: `${keyless}/zhao`, index: 301, secret: 'z1' })).toEqual([1_001, 2_002])
})

test('other nodes are told over TCP, of users of this node alone, and not when too much was guessed', async () => {
  const nonce = randomBytes(16)
  const requestDigest = { algorithm: 'SHA-256' as const, digest: randomBytes(32) }
  const peer = { host: '127.0.0.1', port: tree.ports.get(customer) ?? 0 }
  const ask = async (secret: string, handle = `${customer}/wang`) => {
    const challenge = { nonce, requestDigest: requestDigest.digest }
    const answer = secretKeyAnswer(Buffer.from(secret), challenge, randomBytes(16), ourVersion)
    const { response, body } = await verifyByTcp(
      peer,
      { handle, index: 301, nonce, requestDigest, answer },
      1,
      time.now,
      2_000,
    )
    return body.kind === 'verified' ? body.holds : response
  }
  expect([await ask('w1'), await ask('w2'), await ask('w1', `${maker}/li`)]).toEqual([
    true,
    false,
    responses.notResponsible,
  ])
  const node = tree.nodes.get(customer)
  const body = {
    ...{ kind: 'verify' as const, handle: `${customer}/wang`, index: 301, nonce, requestDigest },
    answer: Buffer.of(1),
  }
  const say = async (from: string, byUdp = false) => {
    const client = new SessionClient((frame) => node?.service.answer(frame))
    const said = await client.ask({ operation: operations.verifyResponse, body, from, byUdp })
    return said?.message.response
  }
  expect(await say('10.0.0.1', true)).toBe(responses.error)
  for (let i = 0; i < rateLimits.guessesOfAddress.burst; i++) expect(await say('10.0.0.1')).toBe(responses.success)
  expect(await say('10.0.0.1')).toBe(responses.dailyLimit)
  expect(await say('10.0.0.2')).toBe(responses.success)
})

test('a yes counts from a site that signs with the key by which it was named, by that key alone', async () => {
  const challenge = { nonce: randomBytes(16), requestDigest: randomBytes(32) }
  const requestDigest = { algorithm: 'SHA-256' as const, digest: challenge.requestDigest }
  const answer = secretKeyAnswer(Buffer.from('w1'), challenge, randomBytes(16), ourVersion)
  const told = (key: KeyObject | undefined) => {
    const publicKey = key
      ? encodeData({ format: 'key', key: rsaPublicKeyData(createPublicKey(key)) })
      : new Uint8Array()
    const tcpPort = tree.ports.get(customer) ?? 0
    const named = { name: `${tcpPort}`, host: '127.0.0.1', udpPort: undefined, tcpPort, publicKey }
    const resolver = { serversOf: async () => [named], health: new Health() }
    const { nonce } = challenge
    const user = { handle: `${customer}/wang`, index: 301 }
    return new ElsewhereVerifier({ resolver, clock }).holds({ ...user, nonce, requestDigest, answer })
  }
  expect([await told(server), await told(makeServerKey()), await told(undefined)]).toEqual([true, undefined, true])
})

test('while the user’s node is dead nobody is that user', async () => {
  await tree.nodes.get(customer)?.stop()
  const wang = { handle: `${customer}/wang`, index: 301, secret: 'w1' }
  expect(await readAs(wang)).toBe(responses.unableToAuthenticate)
})
