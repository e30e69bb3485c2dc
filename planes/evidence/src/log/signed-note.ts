import type { Hash } from '@kapok/kit/merkle'
import {
  ed25519Holds,
  ed25519Line,
  ed25519VerifierKey,
  fromHex,
  joinBytes,
  type OpenedNote,
  signatureHolds,
  signatureLine,
  toBase64,
  toHex,
  verifierKey,
} from '@kapok/kit/signed-note'
import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'
import { sm2 } from 'sm-crypto-v2'

/**
 * Notes of the evidence log carry two signatures: Ed25519, and SM2 over SM3 (GB/T 32918.2, GB/T 32905), which has no
 * algorithm byte assigned and uses 0xff with a name, as signed-note provides.
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

const typedSm2 = (publicHex: string) => joinBytes(Uint8Array.of(0xff), utf8.encode(sm2Algorithm), fromHex(publicHex))

/** Verifier keys in the form `name+hash+base64(algorithm ‖ key)`; what people pin. */
export function verifierKeysOf(name: string, keys: LogKeys): VerifierKeys {
  return {
    ed25519: ed25519VerifierKey(name, keys.ed25519.public),
    sm2: verifierKey(name, typedSm2(keys.sm2.public)),
  }
}

/** SHA-256 of a verifier key's text, in groups that people can compare. */
export function fingerprintOf(key: string): string {
  return (toHex(sha256(utf8.encode(key))).match(/.{8}/g) ?? []).join(' ')
}

/** Signs a checkpoint's text with both keys. */
export function signNote(text: string, name: string, keys: LogKeys): string {
  const sm2Signature = fromHex(
    sm2.doSignature(utf8.encode(text), keys.sm2.secret, {
      hash: true,
      publicKey: keys.sm2.public,
      userId: '1234567812345678',
    }),
  )
  return `${text}\n${ed25519Line(text, name, keys.ed25519)}${signatureLine(name, typedSm2(keys.sm2.public), sm2Signature)}`
}

/** What a bundle says of itself for people (whose it is, which devices and days), bound by a note of its own. */
export function statementText(origin: string, statementHash: Hash): string {
  return `${origin}\nkapok-bundle-1\n${toBase64(statementHash)}\n`
}

/** Which of two verifier keys signed the note; each must be there exactly once and hold. */
export function signaturesHold(note: OpenedNote, keys: VerifierKeys): { ed25519: boolean; sm2: boolean } {
  return {
    ed25519: ed25519Holds(note, keys.ed25519),
    sm2: signatureHolds(note, keys.sm2, (typed, signature, message) =>
      sm2.doVerifySignature(message, toHex(signature), toHex(typed.slice(1 + sm2Algorithm.length)), {
        hash: true,
        userId: '1234567812345678',
      }),
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
