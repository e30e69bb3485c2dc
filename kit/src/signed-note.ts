import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'
import type { Hash } from './merkle.ts'

/**
 * Checkpoints as signed notes, C2SP tlog-checkpoint and signed-note: a text of origin, tree size and root, a blank
 * line, and one line a signature. A key has a byte for its algorithm before it; Ed25519's is 0x01.
 */

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

export function joinBytes(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const typedEd25519 = (key: Uint8Array) => joinBytes(Uint8Array.of(0x01), key)

/** First four bytes of `SHA-256(name ‖ "\n" ‖ algorithm and key)`. */
function keyHash(name: string, typedKey: Uint8Array): Uint8Array {
  return sha256(joinBytes(utf8.encode(`${name}\n`), typedKey)).slice(0, 4)
}

/** A verifier key in the form `name+hash+base64(algorithm ‖ key)`; what people pin. */
export function verifierKey(name: string, typedKey: Uint8Array): string {
  return `${name}+${toHex(keyHash(name, typedKey))}+${toBase64(typedKey)}`
}

export function ed25519VerifierKey(name: string, publicKey: Uint8Array): string {
  return verifierKey(name, typedEd25519(publicKey))
}

export function checkpointText(origin: string, size: number, root: Hash): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** One line of a note's signatures. */
export function signatureLine(name: string, typedKey: Uint8Array, signature: Uint8Array): string {
  return `— ${name} ${toBase64(joinBytes(keyHash(name, typedKey), signature))}\n`
}

export function ed25519Line(text: string, name: string, keys: { secret: Uint8Array; public: Uint8Array }): string {
  return signatureLine(name, typedEd25519(keys.public), ed25519.sign(utf8.encode(text), keys.secret))
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

/** Whether a verifier key signed the note, exactly once; `check` looks at the signature itself. Throws nothing. */
export function signatureHolds(
  note: OpenedNote,
  key: string,
  check: (typedKey: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean,
): boolean {
  try {
    const [name, hash, encoded] = key.split('+', 2).concat(key.split('+').slice(2).join('+'))
    const typedKey = fromBase64(encoded ?? '')
    if (name === undefined || toHex(keyHash(name, typedKey)) !== hash) return false
    const lines = note.signatures.filter((line) => line.name === name && line.keyHash === hash)
    return lines.length === 1 && check(typedKey, lines[0]?.signature ?? new Uint8Array(), utf8.encode(note.text))
  } catch {
    return false
  }
}

export function ed25519Holds(note: OpenedNote, key: string): boolean {
  return signatureHolds(
    note,
    key,
    (typed, signature, message) => typed[0] === 1 && ed25519.verify(signature, message, typed.slice(1)),
  )
}
