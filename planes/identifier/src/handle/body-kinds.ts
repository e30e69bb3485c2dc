import type { HandleReader, HandleWriter } from './bytes.ts'
import { type DigestField, readDigest, writeDigest } from './digest-field.ts'
import { handleLimits } from './limits.ts'
import { readSite, type Site, writeSite } from './site.ts'
import { type HandleValue, readValues, writeValues } from './value.ts'

/** Key exchange of a session: who makes the key, and with whose public key it is hidden. */
export const keyExchangeModes = { clientKey: 1, serverKey: 2, handleKey: 3, diffieHellman: 4 } as const

interface Bodies {
  /** Nothing after the header. */
  empty: Record<never, never>
  /** What nobody described to us: kept as it came. */
  opaque: { bytes: Uint8Array }
  handle: { handle: string }
  /** `authentication` is what IDIS clients append, nearly always empty; others send nothing there. */
  resolve: { handle: string; indexes: number[]; types: string[]; authentication?: Uint8Array }
  values: { handle: string; values: HandleValue[] }
  removeValues: { handle: string; indexes: number[] }
  names: { names: string[] }
  site: { site: Site }
  error: { message: string; indexes?: number[] }
  /** Without a handle the values hold the HS_SITEs to ask. */
  referral: { handle: string; values?: HandleValue[] }
  challenge: { nonce: Uint8Array }
  /** Before 2.1: the request's MD5 digest stands in the body. */
  oldChallenge: { nonce: Uint8Array; digest: Uint8Array }
  challengeAnswer: { authenticationType: string; handle: string; index: number; answer: Uint8Array }
  verify: { handle: string; index: number; nonce: Uint8Array; requestDigest: DigestField; answer: Uint8Array }
  verified: { holds: boolean }
  sessionSetup: SessionSetup
  /** The server's part of the key exchange: its public key, or the session key hidden by ours. */
  sessionAnswer: { mode: number; data: Uint8Array }
  sessionKey: { encryptedKey: Uint8Array }
  /** IDIS operation 2001. */
  login: { handle: string; index: number }
}

interface SessionSetup {
  mode: number
  timeoutSeconds: number
  identity: { handle: string; index: number }
  /** Modes 1 and 4. */
  publicKey?: Uint8Array
  /** Mode 3. */
  exchangeKey?: { handle: string; index: number }
}

export type BodyKind = keyof Bodies
export type Body = { [K in BodyKind]: { kind: K } & Bodies[K] }[BodyKind]

interface BodyCodec<T> {
  read: (reader: HandleReader) => T
  write: (writer: HandleWriter, body: T) => void
}

const readIndexes = (reader: HandleReader) =>
  reader.list('indexes', handleLimits.filters, 4, () => reader.u32('an index'))
const writeIndexes = (writer: HandleWriter, indexes: readonly number[]) =>
  writer.list(indexes, 'indexes', handleLimits.filters, (index) => writer.u32(index, 'an index'))

/** One row a body: RFC 3652 §3 and hdllib 2.11. */
export const bodyCodecs: { [K in BodyKind]: BodyCodec<Bodies[K]> } = {
  empty: { read: () => ({}), write: () => {} },
  opaque: {
    read: (reader) => ({ bytes: reader.rest() }),
    write: (writer, { bytes }) => writer.raw(bytes),
  },
  handle: {
    read: (reader) => ({ handle: reader.text('the handle') }),
    write: (writer, { handle }) => writer.text(handle, 'the handle'),
  },
  resolve: {
    read: (reader) => {
      const handle = reader.text('the handle')
      const indexes = readIndexes(reader)
      const types = reader.list('types', handleLimits.filters, 4, () => reader.text('a type', handleLimits.typeBytes))
      if (reader.left < 4) return { handle, indexes, types }
      return { handle, indexes, types, authentication: reader.bytes('the authentication of IDIS') }
    },
    write: (writer, { handle, indexes, types, authentication }) => {
      writeIndexes(writer.text(handle, 'the handle'), indexes)
      writer.list(types, 'types', handleLimits.filters, (type) => writer.text(type, 'a type', handleLimits.typeBytes))
      if (authentication) writer.bytes(authentication, 'the authentication of IDIS')
    },
  },
  values: {
    read: (reader) => ({ handle: reader.text('the handle'), values: readValues(reader) }),
    write: (writer, { handle, values }) => writeValues(writer.text(handle, 'the handle'), values),
  },
  removeValues: {
    read: (reader) => ({ handle: reader.text('the handle'), indexes: readIndexes(reader) }),
    write: (writer, { handle, indexes }) => writeIndexes(writer.text(handle, 'the handle'), indexes),
  },
  names: {
    read: (reader) => ({ names: reader.list('names', handleLimits.names, 4, () => reader.text('a name')) }),
    write: (writer, { names }) =>
      writer.list(names, 'names', handleLimits.names, (name) => writer.text(name, 'a name')),
  },
  site: {
    read: (reader) => ({ site: readSite(reader) }),
    write: (writer, { site }) => writeSite(writer, site),
  },
  error: {
    read: (reader) => {
      if (reader.left === 0) return { message: '' }
      const message = reader.text('the message', handleLimits.messageBytes)
      return reader.left < 4 ? { message } : { message, indexes: readIndexes(reader) }
    },
    write: (writer, { message, indexes }) => {
      writer.text(message, 'the message', handleLimits.messageBytes)
      if (indexes) writeIndexes(writer, indexes)
    },
  },
  referral: {
    read: (reader) => {
      const handle = reader.text('the handle of the referral')
      return reader.left < 4 ? { handle } : { handle, values: readValues(reader) }
    },
    write: (writer, { handle, values }) => {
      writer.text(handle, 'the handle of the referral')
      if (values) writeValues(writer, values)
    },
  },
  challenge: {
    read: (reader) => ({ nonce: reader.bytes('the nonce', handleLimits.nonceBytes) }),
    write: (writer, { nonce }) => writer.bytes(nonce, 'the nonce', handleLimits.nonceBytes),
  },
  oldChallenge: {
    read: (reader) => ({
      nonce: reader.bytes('the nonce', handleLimits.nonceBytes),
      digest: reader.bytes('the digest of the request', 64),
    }),
    write: (writer, { nonce, digest }) =>
      writer.bytes(nonce, 'the nonce', handleLimits.nonceBytes).bytes(digest, 'the digest of the request', 64),
  },
  challengeAnswer: {
    read: (reader) => ({
      authenticationType: reader.text('the type of authentication', handleLimits.typeBytes),
      handle: reader.text('the handle of the user'),
      index: reader.u32('the index of the user'),
      answer: reader.bytes('the answer to the challenge'),
    }),
    write: (writer, { authenticationType, handle, index, answer }) =>
      writer
        .text(authenticationType, 'the type of authentication', handleLimits.typeBytes)
        .text(handle, 'the handle of the user')
        .u32(index, 'the index of the user')
        .bytes(answer, 'the answer to the challenge'),
  },
  verify: {
    read: (reader) => ({
      handle: reader.text('the handle of the user'),
      index: reader.u32('the index of the user'),
      nonce: reader.bytes('the nonce', handleLimits.nonceBytes),
      requestDigest: readDigest(reader),
      answer: reader.bytes('the answer to the challenge'),
    }),
    write: (writer, { handle, index, nonce, requestDigest, answer }) => {
      writer
        .text(handle, 'the handle of the user')
        .u32(index, 'the index of the user')
        .bytes(nonce, 'the nonce', handleLimits.nonceBytes)
      writeDigest(writer, requestDigest)
      writer.bytes(answer, 'the answer to the challenge')
    },
  },
  verified: {
    // Only the exact byte is a yes: this decides who may write.
    read: (reader) => ({ holds: reader.u8('the verdict') === 1 }),
    write: (writer, { holds }) => writer.u8(holds ? 1 : 0, 'the verdict'),
  },
  sessionSetup: { read: readSessionSetup, write: writeSessionSetup },
  sessionAnswer: {
    read: (reader) => ({ mode: reader.u16('the key exchange mode'), data: reader.bytes('the key exchange data') }),
    write: (writer, { mode, data }) => writer.u16(mode, 'the key exchange mode').bytes(data, 'the key exchange data'),
  },
  sessionKey: {
    read: (reader) => ({ encryptedKey: reader.bytes('the encrypted session key') }),
    write: (writer, { encryptedKey }) => writer.bytes(encryptedKey, 'the encrypted session key'),
  },
  login: {
    read: (reader) => ({ handle: reader.text('the handle of the user'), index: reader.u32('the index of the user') }),
    write: (writer, { handle, index }) =>
      writer.text(handle, 'the handle of the user').u32(index, 'the index of the user'),
  },
}

const carriesPublicKey = (mode: number) =>
  mode === keyExchangeModes.clientKey || mode === keyExchangeModes.diffieHellman

function readSessionSetup(reader: HandleReader): SessionSetup {
  const mode = reader.u16('the key exchange mode')
  const timeoutSeconds = reader.u32('the time-out of the session')
  const identity = { handle: reader.text('the identity'), index: reader.u32('the index of the identity') }
  const setup = { mode, timeoutSeconds, identity }
  if (carriesPublicKey(mode)) return { ...setup, publicKey: reader.bytes('the public key') }
  if (mode !== keyExchangeModes.handleKey) return setup
  const exchangeKey = { handle: reader.text('the handle of the key'), index: reader.u32('the index of the key') }
  return { ...setup, exchangeKey }
}

function writeSessionSetup(writer: HandleWriter, setup: SessionSetup): void {
  const { mode, timeoutSeconds, identity, publicKey, exchangeKey } = setup
  if (carriesPublicKey(mode) !== (publicKey !== undefined))
    writer.refuse('a public key in modes 1 and 4', `mode ${mode}`)
  if ((mode === keyExchangeModes.handleKey) !== (exchangeKey !== undefined))
    writer.refuse('a handle with the exchange key in mode 3', `mode ${mode}`)
  writer
    .u16(mode, 'the key exchange mode')
    .u32(timeoutSeconds, 'the time-out of the session')
    .text(identity.handle, 'the identity')
    .u32(identity.index, 'the index of the identity')
  if (publicKey) writer.bytes(publicKey, 'the public key')
  if (exchangeKey)
    writer.text(exchangeKey.handle, 'the handle of the key').u32(exchangeKey.index, 'the index of the key')
}

/** Writes a body of any kind by its row. */
export function writeKind<K extends BodyKind>(writer: HandleWriter, body: { kind: K } & Bodies[K]): void {
  bodyCodecs[body.kind].write(writer, body)
}
