import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto'
import { HandleFormatError } from './bytes.ts'
import { handleLimits } from './limits.ts'
import { decodePublicKey, encodePublicKey } from './public-key.ts'

/** Random bits of our exponent, twice what groups of 4096 bits are good for. */
const exponentBytes = 40
/** dhKeyAgreement (PKCS #3). */
const algorithmId = Buffer.from('06092a864886f70d010301', 'hex')
const tags = { integer: 0x02, bits: 0x03, bytes: 0x04, sequence: 0x30 } as const

/** Our half of a key exchange. */
export interface KeyAgreement {
  /** Data of our DH_PUB_KEY, in the group of the peer. */
  publicKey: Buffer
  /** What both know now, without leading zeros, at most 32 bytes (hdllib). */
  secret: Buffer
}

/**
 * Answers a peer's DH_PUB_KEY (its public number, prime and base) by a key that is used once. Some ms of computing, as far as
 * `handleLimits` lets a peer choose. Throws HandleFormatError for a group or number that is none.
 */
export function agreeOnKey(theirs: Uint8Array): KeyAgreement {
  const data = decodePublicKey(theirs)
  if (data.form !== 'numbers' || data.type !== 'DH_PUB_KEY' || data.numbers.length < 3)
    throw new HandleFormatError(0, 'a DH_PUB_KEY with number, prime and base', data.form === 'pem' ? 'PEM' : data.type)
  const [number, prime, base] = data.numbers.map(magnitude) as [Buffer, Buffer, Buffer]
  const bits = prime.length * 8 - Math.clz32(prime[0] ?? 0) + 24
  if (bits < handleLimits.dhBitsMin || bits > handleLimits.dhBitsMax || base.length > prime.length)
    throw new HandleFormatError(0, `a prime of ${handleLimits.dhBitsMin} to ${handleLimits.dhBitsMax} bits`, `${bits}`)
  try {
    return agreed(number, prime, base)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'no group'
    throw new HandleFormatError(0, 'a group for Diffie-Hellman and a number of it', reason)
  }
}

function agreed(number: Buffer, prime: Buffer, base: Buffer): KeyAgreement {
  const group = sequence(algorithmId, sequence(integer(prime), integer(base)))
  const exponent = der(tags.bytes, integer(randomBytes(exponentBytes)))
  // Node makes DH keys for bases of 32 bits alone; OpenSSL completes a private key of any group.
  const privateKey = createPrivateKey({
    key: sequence(integer(Buffer.of(0)), group, exponent),
    format: 'der',
    type: 'pkcs8',
  })
  const theirs = der(tags.bits, Buffer.of(0), integer(number))
  const publicKey = createPublicKey({ key: sequence(group, theirs), format: 'der', type: 'spki' })
  const secret = magnitude(diffieHellman({ privateKey, publicKey })).subarray(0, handleLimits.sessionKeyBytes)
  if (secret.length < 16) throw new Error('a secret that anybody can guess')
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const numbers = [lastNumber(spki), prime, base].map(signed)
  return { publicKey: encodePublicKey({ form: 'numbers', type: 'DH_PUB_KEY', flags: 0, numbers }), secret }
}

/** Without leading zeros; zero is no byte. */
function magnitude(number: Uint8Array): Buffer {
  const from = number.findIndex((byte) => byte !== 0)
  return Buffer.from(from < 0 ? [] : number.subarray(from))
}

const signed = (number: Buffer) => ((number[0] ?? 0x80) > 0x7f ? Buffer.concat([Buffer.of(0), number]) : number)
const integer = (number: Buffer) => der(tags.integer, signed(magnitude(number)))
const sequence = (...parts: Buffer[]) => der(tags.sequence, ...parts)

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

/** The public number at the end of OpenSSL's own SubjectPublicKeyInfo. */
function lastNumber(spki: Buffer): Buffer {
  const inside = (bytes: Buffer) => bytes.subarray(headOf(bytes))
  const info = inside(spki)
  const [, low = 0, middle = 0, high = 0] = info
  const groupLength = low < 0x80 ? low : low === 0x81 ? middle : (middle << 8) | high
  const bits = info.subarray(headOf(info) + groupLength)
  return magnitude(inside(inside(bits).subarray(1)))
}

const headOf = (bytes: Buffer) => 2 + ((bytes[1] ?? 0) > 0x7f ? (bytes[1] ?? 0) & 0x7f : 0)
