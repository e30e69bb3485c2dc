import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  coveredPart,
  decodeData,
  decodeFrame,
  decodeJws,
  decodeMessage,
  type HandleMessage,
  isCovered,
  type JwsPublicKey,
  jwsHolds,
  jwsKeyOfJwk,
  operationFlags,
  prepared,
  rsaPublicKey,
  signatureHolds,
  signedDigests,
} from '@kapok/identifier/handle'
import { answersOverTcp, questionOf } from './identifier-questions.ts'
import { benchHandle, benchUrl, certifiedRecords } from './identifier-records.ts'
import { ended } from './identifier-resolution.ts'

type Report = (name: string, value: number, unit: string) => void
/** What the node's process tells: the key of its records as JWK, that of its server as HS_PUBKEY in base64. */
interface Told {
  port: number
  key: unknown
  serverKey: string
}
type Check = (n: number, frame: Buffer) => boolean

const seconds = 10
const connections = 4
const window = 64
/** One signature in so many is verified; every value is compared with its digest. */
const verifiedOneIn = 100

/** Resolutions per second whose answers prove themselves: signed when they were written, or for whoever asks. */
export async function certified(report: Report, folder: string): Promise<void> {
  for (const kind of ['ed25519', 'sm2'] as const) {
    const node = start(join(folder, kind), kind)
    try {
      const [{ port, key, serverKey }] = (await once(node, 'message')) as [Told]
      const publicKey = jwsKeyOfJwk(key)
      if (publicKey === undefined) throw new Error('the node told no key')
      const rate = await rateOf(port, 0, signedAnswers(prepared(publicKey)))
      report(`identifier.certified_${kind}.resolutions_per_s`, rate, 'resolutions/s')
      if (kind === 'ed25519')
        report('identifier.certified_reply.resolutions_per_s', await certifiedReplies(port, serverKey), 'resolutions/s')
    } finally {
      await ended(node)
    }
  }
}

function start(folder: string, kind: string): ChildProcess {
  return fork(join(import.meta.dirname, 'identifier-certified-node.ts'), [folder, kind], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** Pipelined over TCP, since a signed record rarely fits a packet; in an order without a pattern. */
async function rateOf(port: number, flags: number, isRight: Check): Promise<number> {
  const asked = Array.from({ length: certifiedRecords }, (_, n) => questionOf((n * 7_919) % certifiedRecords, flags))
  const until = performance.now() + seconds * 1_000
  const counts = await Promise.all(
    Array.from({ length: connections }, (_, c) =>
      answersOverTcp(port, asked, { from: c * 5_000, until, window }, (bytes, at, end) =>
        isRight(bytes.readUInt32BE(at + 8), bytes.subarray(at, end)),
      ),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

/** The record that was asked for, each value as its HS_SIGNATURE lists it, and one signature in a hundred by the key. */
function signedAnswers(key: JwsPublicKey): Check {
  let count = 0
  return (n, frame) => {
    const { body } = decodeMessage(decodeFrame(frame).message)
    if (!isRecord(body, n)) return false
    const signature = body.values.find(({ type }) => type === 'HS_SIGNATURE')
    if (signature === undefined) return false
    const jws = decodeJws(Buffer.from(signature.data).toString('latin1'))
    const signed = signedDigests(jws)
    const isWhole = signed.digests.size === body.values.length - 1 && signed.subject === benchHandle(n)
    if (!isWhole || !body.values.every((value) => value === signature || isCovered(value, signed))) return false
    return count++ % verifiedOneIn !== 0 || jwsHolds(jws, key)
  }
}

/** Answers that the server signs one by one, each verified by the key of its site. */
async function certifiedReplies(port: number, serverKey: string): Promise<number> {
  const data = decodeData('HS_PUBKEY', Buffer.from(serverKey, 'base64'))
  const key = data.format === 'key' ? rsaPublicKey(data.key) : undefined
  if (key === undefined) throw new Error('the site has no key')
  return rateOf(port, operationFlags.certify, (n, frame) => {
    const { envelope, message } = decodeFrame(frame)
    const { body, credential } = decodeMessage(message)
    return (
      isRecord(body, n) &&
      credential !== null &&
      signatureHolds(credential, { kind: 'rsa', key }, envelope, coveredPart(message))
    )
  })
}

type Values = Extract<HandleMessage['body'], { kind: 'values' }>
const isRecord = (body: HandleMessage['body'], n: number): body is Values =>
  body.kind === 'values' &&
  body.handle === benchHandle(n) &&
  Buffer.from(body.values[0]?.data ?? '').toString() === benchUrl(n)
