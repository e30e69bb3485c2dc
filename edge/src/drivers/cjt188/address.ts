import { AddressScanner, aBit, oneOfThese, oneOfTypes } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { type Field, fieldsOf, units, wildcard } from './codec.ts'

export interface Cjt188Address {
  /** As it was written. */
  text: string
  /** What is wanted of the meter: a field or a part of it, or the meter's own address. */
  what: 'value' | 'unit' | 'bit' | 'valve' | 'batteryLow' | 'address'
  field: Field | undefined
  bit: number
  /** The unit that the meter has to count in, when the address asks for one. */
  unit: string | undefined
}

const statusWords = ['valve', 'batteryLow'] as const
/** Units as they are typed on any keyboard. */
const unitOf = (text: string) =>
  Object.values(units).find((unit) => unit.replace('³', '3').toUpperCase() === text.replace('³', '3').toUpperCase())

/**
 * Reads a field's name, `/unit` or `:unit` behind a quantity, `.bit` behind status; or `valve`, `batteryLow`,
 * `meterAddress`. Throws AddressError, also for a type that cannot hold the value.
 */
export function parseAddress(text: string, type: TagType, meterType: number, meter: string): Cjt188Address {
  const scanner = new AddressScanner(text)
  const fields = fieldsOf(meterType)
  const names = ['meterAddress', ...(meter === wildcard ? [] : [...fields.map(({ name }) => name), ...statusWords])]
  const word = scanner.word(names)
  const field = fields.find(({ name }) => name === (statusWords.includes(word as never) ? 'status' : word))
  const plain = { text, field, bit: 0, unit: undefined }
  const address = ((): Cjt188Address => {
    if (word === 'meterAddress') return { ...plain, what: 'address' }
    if (word === 'valve' || word === 'batteryLow') return { ...plain, what: word }
    if (word === 'status' && scanner.optional(/\./y)) return { ...plain, what: 'bit', bit: scanner.number(0, 15, aBit) }
    if (field?.kind !== 'quantity') return { ...plain, what: 'value' }
    if (scanner.optional(/\/unit/iy)) return { ...plain, what: 'unit' }
    if (!scanner.optional(/:/y)) return { ...plain, what: 'value' }
    const began = scanner.at
    const unit = unitOf(scanner.optional(/[\w ³/]{1,8}/y) ?? '')
    return { ...plain, what: 'value', unit: unit ?? scanner.fail(oneOfThese(Object.values(units)), began) }
  })()
  scanner.end()
  const fits = typesOf(address)
  if (!fits.includes(type)) scanner.fail(oneOfTypes(fits, type), 0)
  return address
}

function typesOf({ what, field }: Cjt188Address): TagType[] {
  if (what === 'bit' || what === 'batteryLow') return ['bool']
  if (what !== 'value' || field?.kind === 'clock') return ['text']
  if (field?.kind === 'status') return ['uint16', 'uint32']
  const digits = field?.notation.replace('.', '').length ?? 0
  const whole: TagType[] = field?.notation.includes('.') ? [] : ['int32', 'uint32']
  return [...whole, ...(digits <= 7 ? (['float32'] as const) : []), 'float64', 'text']
}
