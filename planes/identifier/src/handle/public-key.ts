import { createPublicKey, type KeyObject } from 'node:crypto'
import { HandleReader, HandleWriter } from './bytes.ts'
import { handleLimits } from './limits.ts'

/** Data of HS_PUBKEY. Several hubs of IDIS store X.509 as PEM text instead. */
export type PublicKeyData =
  | {
      form: 'numbers'
      /** `RSA_PUB_KEY`, `DSA_PUB_KEY`, `DH_PUB_KEY`, `SM2_PUB_KEY` … */
      type: string
      flags: number
      /** Big-endian, with a zero byte before a set top bit. RSA: exponent, modulus, and an empty one. */
      numbers: Uint8Array[]
    }
  | { form: 'pem'; text: string }

const pemBegins = '-----BEGIN '

/** Throws HandleFormatError. */
export function decodePublicKey(data: Uint8Array): PublicKeyData {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.subarray(0, pemBegins.length).toString('latin1') === pemBegins)
    return { form: 'pem', text: bytes.toString('utf8') }
  const reader = new HandleReader(data)
  const type = reader.text('the type of the key', 64)
  const flags = reader.u16('the flags of the key')
  const numbers: Buffer[] = []
  while (reader.left > 0) {
    if (numbers.length === handleLimits.keyNumbers) reader.refuse(`at most ${handleLimits.keyNumbers} numbers`, 'more')
    numbers.push(reader.bytes('a number of the key', 8_192))
  }
  return { form: 'numbers', type, flags, numbers }
}

export function encodePublicKey(data: PublicKeyData): Buffer {
  if (data.form === 'pem') {
    if (!data.text.startsWith(pemBegins)) new HandleWriter().refuse('PEM text', data.text.slice(0, 16))
    return Buffer.from(data.text, 'utf8')
  }
  const writer = new HandleWriter().text(data.type, 'the type of the key', 64).u16(data.flags, 'the flags of the key')
  if (data.numbers.length > handleLimits.keyNumbers) writer.refuse(`at most ${handleLimits.keyNumbers} numbers`, 'more')
  for (const number of data.numbers) writer.bytes(number, 'a number of the key', 8_192)
  return writer.done()
}

/** The RSA key of such data, or undefined when it holds another key, a too weak one or none. */
export function rsaPublicKey(data: PublicKeyData): KeyObject | undefined {
  try {
    const key =
      data.form === 'pem'
        ? createPublicKey(data.text)
        : data.type === 'RSA_PUB_KEY'
          ? createPublicKey({ format: 'jwk', key: rsaJwk(data.numbers) })
          : undefined
    const { modulusLength = 0, publicExponent = 0n } = key?.asymmetricKeyDetails ?? {}
    // OpenSSL takes an empty modulus, and the exponent 1, with which anybody signs.
    const isInLimits = modulusLength >= handleLimits.rsaBitsMin && modulusLength <= handleLimits.rsaBitsMax
    return isInLimits && publicExponent >= 3n ? key : undefined
  } catch {
    // OpenSSL refuses text or numbers that are no key.
    return undefined
  }
}

function rsaJwk([exponent = new Uint8Array(), modulus = new Uint8Array()]: Uint8Array[]) {
  const magnitude = (number: Uint8Array) =>
    Buffer.from(number[0] === 0 ? number.subarray(1) : number).toString('base64url')
  return { kty: 'RSA', e: magnitude(exponent), n: magnitude(modulus) }
}

/** The data of a given RSA public key, as hdllib writes it. */
export function rsaPublicKeyData(key: KeyObject): PublicKeyData {
  const { e = '', n = '' } = key.export({ format: 'jwk' })
  const signed = (text: string) => {
    const bytes = Buffer.from(text, 'base64url')
    return (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes
  }
  return { form: 'numbers', type: 'RSA_PUB_KEY', flags: 0, numbers: [signed(e), signed(n), new Uint8Array()] }
}

/** The point of an SM2 key in hex, from its two coordinates as numbers of the key. */
export function sm2PublicKey(key: PublicKeyData): string | undefined {
  if (key.form !== 'numbers' || key.type !== 'SM2_PUB_KEY') return undefined
  const [x, y] = key.numbers.map((number) => Buffer.from(number).toString('hex').replace(/^00/, '').padStart(64, '0'))
  return x?.length === 64 && y?.length === 64 ? `04${x}${y}` : undefined
}
