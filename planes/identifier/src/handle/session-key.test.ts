import { createDiffieHellman, getDiffieHellman, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandleFormatError } from './bytes.ts'
import { agreeOnKey } from './diffie-hellman.ts'
import { decodePublicKey, encodePublicKey } from './public-key.ts'
import {
  decodeSessionKey,
  decryptedMessage,
  encodeSessionKey,
  encryptedMessage,
  sessionCiphers,
} from './session-key.ts'

const fuzzRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 5_000)
const key = { cipher: sessionCiphers.aes as number, bytes: Buffer.from('000102030405060708090a0b0c0d0e0f1011', 'hex') }
const dhKey = (...numbers: Uint8Array[]) =>
  encodePublicKey({ form: 'numbers', type: 'DH_PUB_KEY', flags: 0, numbers: numbers.map((each) => Buffer.from(each)) })
const refuses = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    if (!(error instanceof HandleFormatError)) throw error
  }
}

test('a message comes back under AES and SM4, its IV before it; under another key it does not', () => {
  const message = Buffer.from('x'.repeat(100))
  for (const cipher of [sessionCiphers.aes, sessionCiphers.sm4]) {
    const iv = randomBytes(16)
    const encrypted = encryptedMessage({ ...key, cipher }, message, iv)
    expect([encrypted.length, encrypted.subarray(0, 16)]).toEqual([128, iv])
    expect(decryptedMessage({ ...key, cipher }, encrypted)).toEqual(message)
    expect(() => expect(decryptedMessage({ cipher, bytes: Buffer.alloc(16) }, encrypted)).toEqual(message)).toThrow()
  }
  // The first block of AES-128 in CBC, NIST SP 800-38A F.2.1.
  const of = (hex: string) => Buffer.from(hex, 'hex')
  const nist = { cipher: sessionCiphers.aes, bytes: of('2b7e151628aed2a6abf7158809cf4f3c') }
  expect(
    encryptedMessage(nist, of('6bc1bee22e409f96e93d7e117393172a'), key.bytes.subarray(0, 16)).subarray(16, 32),
  ).toEqual(of('7649abac8119b246cee98e9b12e9197d'))
})

test('a key names its cipher; DES is read, and encrypts nothing', () => {
  expect(decodeSessionKey(encodeSessionKey(key))).toEqual(key)
  expect(() => decodeSessionKey(encodeSessionKey({ ...key, bytes: Buffer.alloc(15) }))).toThrow('16 to 32 bytes')
  const des = decodeSessionKey(encodeSessionKey({ cipher: sessionCiphers.des, bytes: Buffer.alloc(8) }))
  expect(() => encryptedMessage(des, Buffer.alloc(1), Buffer.alloc(16))).toThrow('AES or SM4')
})

test('both sides of a key exchange know the same, in groups of Java and of RFC 3526', () => {
  for (const [name, bytes] of [
    ['modp2', 128],
    ['modp14', 256],
    ['modp16', 512],
  ] as const) {
    const group = getDiffieHellman(name)
    const number = group.generateKeys()
    const { publicKey, secret } = agreeOnKey(dhKey(number, group.getPrime(), group.getGenerator()))
    const ours = decodePublicKey(publicKey)
    if (ours.form !== 'numbers') throw new Error('no numbers')
    const [theirs = Buffer.alloc(0), prime = Buffer.alloc(0)] = ours.numbers
    expect(prime.length).toBe(bytes + 1)
    const shared = group.computeSecret(theirs)
    expect(shared.subarray(shared.findIndex((byte) => byte !== 0)).subarray(0, 32)).toEqual(secret)
  }
  // A base of more than 32 bits, as Java's groups have.
  const { getPrime } = { getPrime: () => getDiffieHellman('modp2').getPrime() }
  const base = randomBytes(100)
  const peer = createDiffieHellman(getPrime(), base)
  const { publicKey, secret } = agreeOnKey(dhKey(peer.generateKeys(), getPrime(), base))
  const ours = decodePublicKey(publicKey)
  const shared = peer.computeSecret((ours.form === 'numbers' && ours.numbers[0]) || Buffer.alloc(0))
  expect(shared.subarray(shared.findIndex((byte) => byte !== 0)).subarray(0, 32)).toEqual(secret)
})

test('groups that are too short, too long or none, and numbers that give the key away, are refused', () => {
  const prime = getDiffieHellman('modp2').getPrime()
  const two = Buffer.of(2)
  const even = Buffer.from(prime)
  even[127] = 0
  const oneLess = Buffer.from(prime)
  oneLess[127] = (oneLess[127] ?? 0) - 1
  for (const [why, data] of [
    ['short', dhKey(two, Buffer.alloc(64, 0xff), two)],
    ['long', dhKey(two, Buffer.alloc(1_000, 0xff), two)],
    ['empty', dhKey(Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0))],
    ['even', dhKey(two, even, two)],
    ['zero', dhKey(Buffer.of(0), prime, two)],
    ['one', dhKey(Buffer.of(1), prime, two)],
    ['prime - 1', dhKey(oneLess, prime, two)],
    ['two numbers', dhKey(two, prime)],
    ['another key', encodePublicKey({ form: 'numbers', type: 'RSA_PUB_KEY', flags: 0, numbers: [two, prime, two] })],
  ] as const)
    expect(() => agreeOnKey(data), why).toThrow(HandleFormatError)
})

test('damaged keys and ciphertexts meet the declared error alone', () => {
  const prime = getDiffieHellman('modp2').getPrime()
  const known = [dhKey(Buffer.of(4), prime, Buffer.of(2)), encodeSessionKey(key)]
  const damaged = fc
    .tuple(fc.constantFrom(...known), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }), fc.nat(600))
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes)
      for (const [at, byte] of changes) copy[at % copy.length] = byte
      return copy.subarray(0, cut)
    })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 96 })), (bytes) => {
      refuses(() => agreeOnKey(bytes))
      refuses(() => decodeSessionKey(bytes))
      refuses(() => decryptedMessage(key, bytes))
    }),
    { numRuns: fuzzRuns },
  )
})
