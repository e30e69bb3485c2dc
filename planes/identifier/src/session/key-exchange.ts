import { constants, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import {
  agreeOnKey,
  type Body,
  decodeData,
  decodeSessionKey,
  encodeData,
  encodeSessionKey,
  HandleFormatError,
  isOfferedCipher,
  keyExchangeModes,
  readOrUndefined,
  responses,
  rsaPublicKey,
  rsaPublicKeyData,
  type SessionKey,
  sessionCiphers,
} from '../handle/handle.ts'
import { type Reply, refusal } from '../resolution/exchange.ts'

type Setup = Extract<Body, { kind: 'sessionSetup' }>

/** The key of a new session, where this side knows it already, and what the client is told. */
export interface Exchanged {
  key: SessionKey | undefined
  data: Buffer
}

const cipher = sessionCiphers.aes
const padding = constants.RSA_PKCS1_PADDING

/** This side of the key exchange that a client asks for (RFC 3652 §3.3.4); a refusal where there is none. */
export function exchanged(setup: Setup, serverKey: KeyObject): Exchanged | Reply {
  const { mode, publicKey = new Uint8Array() } = setup
  try {
    if (mode === keyExchangeModes.diffieHellman) {
      const agreement = agreeOnKey(publicKey)
      const named = encodeSessionKey({ cipher, bytes: agreement.publicKey })
      return { key: { cipher, bytes: agreement.secret }, data: named }
    }
    if (mode === keyExchangeModes.serverKey) {
      const key = rsaPublicKeyData(createPublicKey(serverKey))
      return { key: undefined, data: encodeData({ format: 'key', key }) }
    }
    if (mode === keyExchangeModes.clientKey) return hiddenBy(publicKey)
  } catch (error) {
    if (!(error instanceof HandleFormatError)) throw error
    return refusal(responses.invalidSessionSetup, `the key of the exchange: ${error.message}`)
  }
  return refusal(responses.sessionNotSupported, `key exchange ${mode} is not offered: use Diffie-Hellman (4), 1 or 2`)
}

/** A key of ours that the client's RSA key hides. */
function hiddenBy(publicKey: Uint8Array): Exchanged | Reply {
  const data = decodeData('HS_PUBKEY', publicKey)
  const theirs = data.format === 'key' ? rsaPublicKey(data.key) : undefined
  if (theirs === undefined)
    return refusal(responses.invalidSessionSetup, 'expected an RSA key to hide the session’s with')
  const key = { cipher, bytes: randomBytes(16) }
  return { key, data: publicEncrypt({ key: theirs, padding }, encodeSessionKey(key)) }
}

/** The key that a client made and hid by the server's key (mode 2); a refusal where it is none that is offered. */
export function revealed(encryptedKey: Uint8Array, serverKey: KeyObject): SessionKey | Reply {
  const key = readOrUndefined(() => decodeSessionKey(opened(encryptedKey, serverKey)))
  if (key === undefined)
    return refusal(responses.invalidSessionSetup, 'the session’s key was not made for this server’s key')
  if (!isOfferedCipher(key.cipher))
    return refusal(responses.sessionNotSupported, 'this node encrypts by AES (3) and SM4 (4), not by DES')
  return key
}

function opened(encryptedKey: Uint8Array, key: KeyObject): Buffer {
  try {
    // Wrong padding gives other bytes and no error, so that nobody learns the key from our refusals (OpenSSL 3.2).
    return privateDecrypt({ key, padding }, encryptedKey)
  } catch (error) {
    throw new HandleFormatError(0, 'a number below the modulus of the server’s key', (error as Error).message)
  }
}
