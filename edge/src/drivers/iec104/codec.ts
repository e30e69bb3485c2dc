import { DeviceError } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'

/**
 * IEC 60870-5-104: APCI (§5) and the frame of an ASDU (IEC 60870-5-101 §7.1–7.2). Pure: bytes to values and back. What
 * stands in an information object is in elements.ts.
 */

const start = 0x68
/** The length byte counts what follows it: 4 bytes of control field at least, 253 in all at most (§5). */
const lengthMax = 253
const headBytes = 6

/** Functions of a U frame, as its first control byte (§5.1, figure 8). */
export const unnumbered = {
  startAct: 0x07,
  startCon: 0x0b,
  stopAct: 0x13,
  stopCon: 0x23,
  testAct: 0x43,
  testCon: 0x83,
} as const
export type Unnumbered = keyof typeof unnumbered

/** Send and receive numbers run modulo 2^15. */
export const sequenceModulus = 32_768

export type Apdu =
  | { kind: 'I'; sent: number; received: number; asdu: Buffer }
  | { kind: 'S'; received: number }
  | { kind: 'U'; function: Unnumbered }

export function encodeApdu(apdu: Apdu): Buffer {
  const asdu = apdu.kind === 'I' ? apdu.asdu : Buffer.alloc(0)
  if (4 + asdu.length > lengthMax)
    throw new RangeError(`an ASDU has at most ${lengthMax - 4} bytes, not ${asdu.length}`)
  const head = Buffer.from([start, 4 + asdu.length, 0, 0, 0, 0])
  if (apdu.kind === 'U') head[2] = unnumbered[apdu.function]
  else {
    head.writeUInt16LE(apdu.kind === 'I' ? apdu.sent << 1 : 1, 2)
    head.writeUInt16LE(apdu.received << 1, 4)
  }
  return Buffer.concat([head, asdu])
}

/** Reads a whole APDU. Throws DeviceError for a control field of no format. */
export function decodeApdu(bytes: Buffer): Apdu {
  if (bytes.length < headBytes || bytes[0] !== start || bytes[1] !== bytes.length - 2)
    throw new DeviceError('what came is no whole APDU')
  const control = bytes[2]!
  if ((control & 1) === 0) {
    if (bytes.length === headBytes) throw new DeviceError('an I frame came without ASDU')
    return {
      kind: 'I',
      sent: bytes.readUInt16LE(2) >> 1,
      received: bytes.readUInt16LE(4) >> 1,
      asdu: bytes.subarray(6),
    }
  }
  if (bytes.length !== headBytes) throw new DeviceError('an S or U frame came with data')
  if ((control & 3) === 1) return { kind: 'S', received: bytes.readUInt16LE(4) >> 1 }
  const known = (Object.keys(unnumbered) as Unnumbered[]).find((each) => unnumbered[each] === control)
  if (known === undefined) throw new DeviceError(`a U frame came with the function ${control.toString(16)}H`)
  return { kind: 'U', function: known }
}

/** Cuts a stream into APDUs. Throws DeviceError on what can be none. */
export function frameReader(): FrameReader<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const frames: Buffer[] = []
      while (rest.length >= 2) {
        if (rest[0] !== start) throw new DeviceError('a frame does not begin with 68H: this is no IEC 60870-5-104')
        const length = rest[1]!
        if (length < 4 || length > lengthMax) throw new DeviceError(`a frame has the length ${length}`)
        if (rest.length < 2 + length) break
        frames.push(rest.subarray(0, 2 + length))
        rest = rest.subarray(2 + length)
      }
      return frames
    },
  }
}

/** Bytes of an ASDU's fields: 2, 2 and 3 in IEC 60870-5-104 (§7.1); older stations keep those of -101. */
export interface AsduSizes {
  causeBytes: number
  commonAddressBytes: number
  objectAddressBytes: number
}

/** Causes of transmission (IEC 60870-5-101 §7.2.3, table 14). */
export const causes = {
  periodic: 1,
  background: 2,
  spontaneous: 3,
  initialised: 4,
  request: 5,
  activation: 6,
  activationConfirmation: 7,
  deactivation: 8,
  deactivationConfirmation: 9,
  activationTermination: 10,
  returnRemote: 11,
  returnLocal: 12,
  interrogated: 20,
  countersRequested: 37,
  unknownType: 44,
  unknownCause: 45,
  unknownCommonAddress: 46,
  unknownObjectAddress: 47,
} as const

/** A cause of transmission in the standard's words. */
export function causeWord(cause: number): string {
  const name = Object.entries(causes).find(([, code]) => code === cause)?.[0]
  return name === undefined
    ? `cause ${cause}`
    : `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} (cause ${cause})`
}

export interface InformationObject {
  address: number
  /** The element with quality and time tag. */
  element: Buffer
}

export interface Asdu {
  type: number
  cause: number
  isNegative: boolean
  isTest: boolean
  commonAddress: number
  objects: InformationObject[]
}

/** An ASDU whose objects each carry their address. */
export function encodeAsdu(asdu: Asdu, sizes: AsduSizes): Buffer {
  const cause = asdu.cause | (asdu.isNegative ? 0x40 : 0) | (asdu.isTest ? 0x80 : 0)
  const head = Buffer.alloc(2 + sizes.causeBytes + sizes.commonAddressBytes)
  head[0] = asdu.type
  head[1] = asdu.objects.length
  head[2] = cause
  head.writeUIntLE(asdu.commonAddress, 2 + sizes.causeBytes, sizes.commonAddressBytes)
  const objects = asdu.objects.flatMap(({ address, element }) => {
    const addressed = Buffer.alloc(sizes.objectAddressBytes)
    addressed.writeUIntLE(address, 0, sizes.objectAddressBytes)
    return [addressed, element]
  })
  return Buffer.concat([head, ...objects])
}

/**
 * Reads an ASDU, with or without a sequence of elements (SQ). `elementBytes` tells the bytes of a type's element; undefined
 * makes the ASDU undefined, as nothing can be said of it. Throws DeviceError when its length does not fit.
 */
export function decodeAsdu(
  bytes: Buffer,
  sizes: AsduSizes,
  elementBytes: (type: number) => number | undefined,
): Asdu | undefined {
  const { causeBytes, commonAddressBytes, objectAddressBytes } = sizes
  const headLength = 2 + causeBytes + commonAddressBytes
  if (bytes.length < headLength) throw new DeviceError(`an ASDU of ${bytes.length} bytes came`)
  const [type, structure, cause] = [bytes[0]!, bytes[1]!, bytes[2]!]
  const length = elementBytes(type)
  if (length === undefined) return undefined
  const count = structure & 0x7f
  const isSequence = (structure & 0x80) !== 0
  const expected =
    headLength + (isSequence ? objectAddressBytes + count * length : count * (objectAddressBytes + length))
  if (count === 0 || bytes.length !== expected)
    throw new DeviceError(
      `an ASDU of type ${type} with ${count} objects has ${bytes.length} bytes instead of ${expected}`,
    )
  const stride = isSequence ? length : objectAddressBytes + length
  const first = bytes.readUIntLE(headLength, objectAddressBytes)
  return {
    type,
    cause: cause & 0x3f,
    isNegative: (cause & 0x40) !== 0,
    isTest: (cause & 0x80) !== 0,
    commonAddress: bytes.readUIntLE(2 + causeBytes, commonAddressBytes),
    objects: Array.from({ length: count }, (_, i) => {
      const at = headLength + i * stride + (isSequence ? objectAddressBytes : 0)
      if (isSequence) return { address: first + i, element: bytes.subarray(at, at + length) }
      const element = bytes.subarray(at + objectAddressBytes, at + objectAddressBytes + length)
      return { address: bytes.readUIntLE(at, objectAddressBytes), element }
    }),
  }
}
