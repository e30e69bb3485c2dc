/**
 * The binary encodings of EPCs on tags (GS1 EPC Tag Data Standard 2.2, §14): header, three bits of filter, three bits of partition,
 * company prefix and reference as the partition says, then the rest.
 */
export interface EpcCoding {
  readonly name: string
  readonly header: number
  /** Bits in all; undefined when they depend on the text. */
  readonly bits: number | undefined
  /** Of epc-schemes.ts. */
  readonly scheme: string
  /** Bits of company prefix and reference together. */
  readonly partitionBits: number
  /** How the reference is written; behind digits their count for the scheme is exact. */
  readonly reference: 'digits' | 'number' | 'text7' | 'text6'
  readonly rest: readonly EpcCodingField[]
}

export interface EpcCodingField {
  /** `number` without leading zeros, `digits` of an exact count, `marked` digits behind a 1, `text7` ASCII of seven bits. */
  readonly kind: 'number' | 'digits' | 'marked' | 'text7'
  readonly bits: number
  readonly digits?: number
}

/** Bits of the company prefix by partition; partition 0 is a prefix of 12 digits, 6 one of 6. */
export const companyBits = [40, 37, 34, 30, 27, 24, 20] as const

const number = (bits: number) => ({ kind: 'number', bits }) as const
const text = (characters: number) => ({ kind: 'text7', bits: 7 * characters }) as const
const piece = { kind: 'digits', bits: 7, digits: 2 } as const

const coding = (
  name: string,
  header: number,
  partitionBits: number,
  rest: readonly EpcCodingField[],
  reference: EpcCoding['reference'] = 'digits',
): EpcCoding => {
  const [scheme = '', size] = name.split('-')
  return { name, header, bits: size === 'var' ? undefined : Number(size), scheme, partitionBits, reference, rest }
}

export const epcCodings: readonly EpcCoding[] = [
  coding('sgtin-96', 0x30, 44, [number(38)]),
  coding('sgtin-198', 0x36, 44, [text(20)]),
  coding('sscc-96', 0x31, 58, []),
  coding('sgln-96', 0x32, 41, [number(41)]),
  coding('sgln-195', 0x39, 41, [text(20)]),
  coding('grai-96', 0x33, 44, [number(38)]),
  coding('grai-170', 0x37, 44, [text(16)]),
  coding('giai-96', 0x34, 82, [], 'number'),
  coding('giai-202', 0x38, 188, [], 'text7'),
  coding('gsrn-96', 0x2d, 58, []),
  coding('gsrnp-96', 0x2e, 58, []),
  coding('gdti-96', 0x2c, 41, [number(41)]),
  coding('gdti-174', 0x3e, 41, [text(17)]),
  coding('cpi-96', 0x3c, 51, [number(31)], 'number'),
  coding('cpi-var', 0x3d, 0, [number(40)], 'text6'),
  coding('sgcn-96', 0x3f, 41, [{ kind: 'marked', bits: 41 }]),
  coding('itip-110', 0x40, 44, [piece, piece, number(38)]),
  coding('itip-212', 0x41, 44, [piece, piece, text(20)]),
]
