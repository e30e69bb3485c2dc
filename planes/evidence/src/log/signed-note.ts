import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'
import { sm2 } from 'sm-crypto-v2'
import type { Hash } from './merkle.ts'

/**
 * Checkpoints as signed notes, C2SP tlog-checkpoint and signed-note: a text of origin, tree size and root, a blank
 * line, and one line a signature. Ed25519 has the algorithm byte 0x01; SM2 over SM3 (GB/T 32918.2, GB/T 32905) has none
 * assigned and uses 0xff with a name, as signed-note provides.
 */
export interface LogKeys {
  ed25519: { secret: Uint8Array; public: Uint8Array }
  /** Hex: 32-byte private key, uncompressed public key `04…`. */
  sm2: { secret: string; public: string }
}

export interface VerifierKeys {
  ed25519: string
  sm2: string
}

const sm2Algorithm = 'kapok-sm2-sm3'
const utf8 = new TextEncoder()

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** Throws on anything but canonical base64, so that a signature line has one spelling. */
export function fromBase64(text: string): Uint8Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  if (toBase64(bytes) !== text) throw new RangeError('not canonical base64')
  return bytes
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new RangeError('not lower-case hex')
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const typedEd25519 = (key: Uint8Array) => join(Uint8Array.of(0x01), key)
const typedSm2 = (publicHex: string) => join(Uint8Array.of(0xff), utf8.encode(sm2Algorithm), fromHex(publicHex))

/** First four bytes of `SHA-256(name ‖ "\n" ‖ algorithm and key)`. */
function keyHash(name: string, typedKey: Uint8Array): Uint8Array {
  return sha256(join(utf8.encode(`${name}\n`), typedKey)).slice(0, 4)
}

function verifierKey(name: string, typedKey: Uint8Array): string {
  return `${name}+${toHex(keyHash(name, typedKey))}+${toBase64(typedKey)}`
}

/** Verifier keys in the form `name+hash+base64(algorithm ‖ key)`; what people pin. */
export function verifierKeysOf(name: string, keys: LogKeys): VerifierKeys {
  return {
    ed25519: verifierKey(name, typedEd25519(keys.ed25519.public)),
    sm2: verifierKey(name, typedSm2(keys.sm2.public)),
  }
}

/** SHA-256 of a verifier key's text, in groups that people can compare. */
export function fingerprintOf(key: string): string {
  return (toHex(sha256(utf8.encode(key))).match(/.{8}/g) ?? []).join(' ')
}

export function checkpointText(origin: string, size: number, root: Hash): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Signs a checkpoint's text with both keys. */
export function signNote(text: string, name: string, keys: LogKeys): string {
  const message = utf8.encode(text)
  const line = (typedKey: Uint8Array, signature: Uint8Array) =>
    `— ${name} ${toBase64(join(keyHash(name, typedKey), signature))}\n`
  const sm2Signature = fromHex(
    sm2.doSignature(message, keys.sm2.secret, { hash: true, publicKey: keys.sm2.public, userId: '1234567812345678' }),
  )
  return `${text}\n${line(typedEd25519(keys.ed25519.public), ed25519.sign(message, keys.ed25519.secret))}${line(
    typedSm2(keys.sm2.public),
    sm2Signature,
  )}`
}

/** What a bundle says of itself for people (whose it is, which devices and days), bound by a note of its own. */
export function statementText(origin: string, statementHash: Hash): string {
  return `${origin}\nkapok-bundle-1\n${toBase64(statementHash)}\n`
}

export interface OpenedNote {
  text: string
  /** The three lines of the text. */
  origin: string
  subject: string
  hash: Hash
  signatures: { name: string; keyHash: string; signature: Uint8Array }[]
}

/** Takes a note apart. Throws with what is wrong; checks no signature. */
export function openNote(note: string): OpenedNote {
  const cut = note.indexOf('\n\n')
  if (cut === -1) throw new RangeError('a signed note has a blank line before its signatures')
  const text = note.slice(0, cut + 1)
  const match = /^([^\n]+)\n([a-z0-9-]+)\n([A-Za-z0-9+/=]+)\n$/.exec(text)
  if (match === null) throw new RangeError('the text of a note has three lines: origin, size, hash')
  const hash = fromBase64(match[3] ?? '')
  if (hash.length !== 32) throw new RangeError('a hash has 32 bytes')
  const signatures = note
    .slice(cut + 2)
    .split(/(?<=\n)/)
    .map((line) => {
      const parts = /^— ([^ +\n]+) ([A-Za-z0-9+/=]+)\n$/.exec(line)
      if (parts === null) throw new RangeError('a signature line is “— name base64”')
      const bytes = fromBase64(parts[2] ?? '')
      return { name: parts[1] ?? '', keyHash: toHex(bytes.slice(0, 4)), signature: bytes.slice(4) }
    })
  return { text, origin: match[1] ?? '', subject: match[2] ?? '', hash, signatures }
}

/** Tree size of a checkpoint's note. Throws when its second line is not a number. */
export function sizeOf(note: OpenedNote): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(note.subject))
    throw new RangeError('the second line of a checkpoint is the tree size')
  return Number(note.subject)
}

/** Which of two verifier keys signed the note; each must be there exactly once and hold. */
export function signaturesHold(note: OpenedNote, keys: VerifierKeys): { ed25519: boolean; sm2: boolean } {
  const message = utf8.encode(note.text)
  const holds = (key: string, check: (typedKey: Uint8Array, signature: Uint8Array) => boolean): boolean => {
    const [name, hash, encoded] = key.split('+', 2).concat(key.split('+').slice(2).join('+'))
    const typedKey = fromBase64(encoded ?? '')
    if (name === undefined || toHex(keyHash(name, typedKey)) !== hash) return false
    const lines = note.signatures.filter((line) => line.name === name && line.keyHash === hash)
    return lines.length === 1 && check(typedKey, lines[0]?.signature ?? new Uint8Array())
  }
  const quietly = (check: () => boolean) => {
    try {
      return check()
    } catch {
      return false
    }
  }
  return {
    ed25519: quietly(() =>
      holds(keys.ed25519, (typed, signature) => typed[0] === 1 && ed25519.verify(signature, message, typed.slice(1))),
    ),
    sm2: quietly(() =>
      holds(keys.sm2, (typed, signature) =>
        sm2.doVerifySignature(message, toHex(signature), toHex(typed.slice(1 + sm2Algorithm.length)), {
          hash: true,
          userId: '1234567812345678',
        }),
      ),
    ),
  }
}

export function makeLogKeys(random: (bytes: number) => Uint8Array): LogKeys {
  const secret = random(32)
  const pair = sm2.generateKeyPairHex(BigInt(`0x${toHex(random(40))}`).toString())
  return {
    ed25519: { secret, public: ed25519.getPublicKey(secret) },
    sm2: { secret: pair.privateKey, public: pair.publicKey },
  }
}
