export const batchKinds = ['points', 'gap', 'clock', 'health', 'reply'] as const
export type BatchKind = (typeof batchKinds)[number]

/**
 * What an enrolled gateway sends: a compact batch, or the record of a gap, with the gateway's sequence and signature.
 * Little-endian: "KS", version 1, kind, sequence u64, first and last time of the values i64, number of values u32, body,
 * Ed25519 signature (RFC 8032) of the 64 last bytes over the domain and everything before them. By the sequence a
 * missing batch is told from silence, by the signature a gateway from somebody who has only its token.
 */
export interface SignedBatch {
  kind: BatchKind
  /** From 1, one more with each batch; never used twice for different bodies. 0 for `health` and `reply`, which are of no sequence. */
  sequence: number
  /** Times of the earliest and latest value, Unix ms. */
  firstAt: number
  lastAt: number
  points: number
  /**
   * `points`: a compact batch. `gap`, and `clock` for a step of the gateway's clock from `firstAt` to `lastAt`: JSON,
   * NoteBody. `health`: JSON, GatewayHealth; `reply`: JSON, GatewayReply; each on its own topic.
   */
  body: Uint8Array
}

/** Of a gap (values that the gateway has not, or took none) or a step of its clock: why. */
export interface NoteBody {
  reason: string
}

/** Why a gateway tells a gap. Whoever shows one in another language knows it by these words. */
export const gapReasons = {
  off: 'the gateway was not running',
  full: 'the buffer was full',
  disk: 'refused by the disk',
} as const

const magic = [0x4b, 0x53, 0x01] as const
const headBytes = 32
const signatureBytes = 64
const domain = new TextEncoder().encode('kapok signed batch 1\n')

/** Whether a payload claims to be a signed batch. */
export const isSignedBatch = (bytes: Uint8Array) => bytes[0] === magic[0] && bytes[1] === magic[1]

/** `sign` makes the Ed25519 signature of the bytes that it is given. */
export function encodeSignedBatch(batch: SignedBatch, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + batch.body.length + signatureBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  bytes[3] = batchKinds.indexOf(batch.kind)
  view.setBigUint64(4, BigInt(batch.sequence), true)
  view.setBigInt64(12, BigInt(batch.firstAt), true)
  view.setBigInt64(20, BigInt(batch.lastAt), true)
  view.setUint32(28, batch.points, true)
  bytes.set(batch.body, headBytes)
  const end = headBytes + batch.body.length
  bytes.set(sign(signedBytes(bytes.subarray(0, end))), end)
  return bytes
}

/** Throws a RangeError that says what is wrong, the signature included. */
export function decodeSignedBatch(
  bytes: Uint8Array,
  verify: (bytes: Uint8Array, signature: Uint8Array) => boolean,
): SignedBatch {
  const end = bytes.length - signatureBytes
  if (end < headBytes || !isSignedBatch(bytes)) throw new RangeError('not a signed batch')
  if (bytes[2] !== magic[2]) throw new RangeError(`a signed batch of version ${bytes[2]}`)
  const kind = batchKinds[bytes[3] ?? batchKinds.length]
  if (kind === undefined) throw new RangeError(`a signed batch of kind ${bytes[3]}`)
  if (!verify(signedBytes(bytes.subarray(0, end)), bytes.subarray(end)))
    throw new RangeError('the signature is not the gateway’s')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = (value: bigint, what: string) => {
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw new RangeError(`the ${what} of a signed batch is too large`)
    return Number(value)
  }
  return {
    kind,
    sequence: whole(view.getBigUint64(4, true), 'sequence'),
    firstAt: whole(view.getBigInt64(12, true), 'first time'),
    lastAt: whole(view.getBigInt64(20, true), 'last time'),
    points: view.getUint32(28, true),
    body: bytes.subarray(headBytes, end),
  }
}

function signedBytes(head: Uint8Array): Uint8Array {
  const whole = new Uint8Array(domain.length + head.length)
  whole.set(domain)
  whole.set(head, domain.length)
  return whole
}
