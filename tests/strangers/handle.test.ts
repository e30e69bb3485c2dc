import { systemClock } from '@kapok/kit/clock'
import { afterAll, describe, expect, test } from 'vitest'
import {
  decodeData,
  decodeMessage,
  digestOf,
  encodeMessage,
  newValue,
  operationName,
  publicKeyHolds,
  responseName,
  rsaPublicKey,
  secretKeyHolds,
} from '../../planes/identifier/src/handle/handle.ts'
import { HandleServer } from '../../planes/identifier/src/resolution/server.ts'
import { answersFrom, recordsOf } from '../../planes/identifier/src/testing.ts'
import { javaWith } from '../support/java.ts'

// CNRI's own library: the current one, and the one of 2007 that DSpace published, the oldest that still asks.
const libraries = [
  {
    group: 'net.handle',
    name: 'handle-client',
    version: '9.3.1',
    protocol: { major: 2, minor: 11 },
    digest: 'SHA-256',
    code: 3,
  },
  { group: 'org.dspace', name: 'handle', version: '6.2', protocol: { major: 2, minor: 2 }, digest: 'SHA-1', code: 2 },
] as const

const value = (index: number, type: string, data: string, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { permissions, timestamp: 1_700_000_000 })

describe.each(libraries)('$group:$name:$version', ({ protocol, digest, code, ...artifact }) => {
  const hdllib = javaWith(artifact, 'HandleClient')
  afterAll(() => {
    if (typeof hdllib !== 'string') hdllib.remove()
  })

  test('CNRI’s own client resolves against our server over UDP, in many packets too, and TCP', async (context) => {
    if (typeof hdllib === 'string') return context.skip(hdllib)
    const records = recordsOf([
      [
        '88.608.8889/App_x',
        [
          value(1, 'URL', 'https://example.com/p/1'),
          value(2_000, '产品名称', '数控机床'),
          value(301, 'HS_SECKEY', 's', 0x0c),
        ],
      ],
      ['88.608.8889/long', [value(1, 'TEXT', 'x'.repeat(15_000))]],
      ['88.608.8889/longer', [value(1, 'TEXT', 'x'.repeat(200_000))]],
    ])
    const server = new HandleServer({
      host: '127.0.0.1',
      port: 0,
      answer: answersFrom(records, systemClock),
      clock: systemClock,
    })
    const port = await server.run()
    try {
      const handles = ['88.608.8889/App_x', '88.608.8889/long', '88.608.8889/longer', '1/none']
      // Each answer returns the digest of its request, by the algorithm that this version expects.
      expect(await hdllib.run(['ask', port, ...handles])).toEqual([
        `UDP 1 ${code}|1 URL 23|2000 产品名称 12`,
        `UDP 1 ${code}|1 TEXT 15000`,
        `UDP 2 ${code}`,
        `UDP 100 ${code}`,
        `TCP 1 ${code}|1 URL 23|2000 产品名称 12`,
        `TCP 1 ${code}|1 TEXT 15000`,
        `TCP 1 ${code}|1 TEXT 200000`,
        `TCP 100 ${code}`,
      ])
    } finally {
      await server.stop()
    }
  })

  test('CNRI’s own client asks again by TCP when an answer is too long for UDP', async (context) => {
    if (typeof hdllib === 'string') return context.skip(hdllib)
    const records = recordsOf([['88.608.8889/longer', [value(1, 'TEXT', 'x'.repeat(200_000))]]])
    const answer = answersFrom(records, systemClock)
    let asked = 0
    const counted: typeof answer = (frame) => {
      asked++
      return answer(frame)
    }
    const server = new HandleServer({ host: '127.0.0.1', port: 0, answer: counted, clock: systemClock })
    const port = await server.run()
    try {
      expect(await hdllib.run(['site', port, '88.608.8889/longer'])).toEqual(['1 200000'])
      expect(asked).toBe(2)
    } finally {
      await server.stop()
    }
  })

  test('messages that CNRI’s library writes are read whole and written in the same bytes', async (context) => {
    if (typeof hdllib === 'string') return context.skip(hdllib)
    const lines = (await hdllib.run(['write'])).map((line) => line.split(' '))
    expect(lines.length).toBe(15)
    for (const [name = '', hex = ''] of lines) {
      const bytes = Buffer.from(hex, 'hex')
      const message = decodeMessage(bytes, protocol)
      expect(message.response === 0 ? operationName(message.operation) : responseName(message.response)).toBe(name)
      expect(message.surplusBytes, name).toBeUndefined()
      // The library ends an unsigned message with its body, ours with the length 0 of a credential.
      const written = encodeMessage(message, protocol)
      expect([written.toString('hex'), written.subarray(0, -4).toString('hex')], name).toContain(hex)
    }
  })

  test('challenges that CNRI’s library answered by a secret key and by RSA hold', async (context) => {
    if (typeof hdllib === 'string') return context.skip(hdllib)
    const lines = (await hdllib.run(['answer'])).map((line) => line.split(' '))
    expect(lines.map(([name]) => name)).toEqual(['HS_SECKEY', 'HS_PUBKEY'])
    for (const [name, keyText = '', digestCode, ...rest] of lines) {
      const [key, covered, nonce, requestDigest, answer] = [keyText, ...rest].map((part) => Buffer.from(part, 'hex'))
      if (!key || !covered || !nonce || !requestDigest || !answer) throw new Error(`no parts in ${rest}`)
      expect([digestCode, digestOf(digest, covered)]).toEqual([`${code}`, requestDigest])
      const data = name === 'HS_PUBKEY' ? decodeData(name, key) : undefined
      const rsa = data?.format === 'key' ? rsaPublicKey(data.key) : undefined
      const holds = (challenge: { nonce: Buffer; requestDigest: Buffer }) =>
        rsa === undefined
          ? secretKeyHolds(answer, key, challenge, protocol)
          : publicKeyHolds(answer, { kind: 'rsa', key: rsa }, challenge)
      expect(rsa !== undefined).toBe(name === 'HS_PUBKEY')
      expect([holds({ nonce, requestDigest }), holds({ nonce: Buffer.alloc(16), requestDigest })], name).toEqual([
        true,
        false,
      ])
    }
  })
})
