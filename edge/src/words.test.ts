import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from './driver.ts'
import { bytesOfNumber, type NumberType, readNumber, readText, writeNumber, writeText } from './values.ts'
import { readWords, wordsOf, writeWords } from './words.ts'

const whole = (type: NumberType) => {
  const bits = Math.min(53, bytesOfNumber[type] * 8)
  const signed = !type.startsWith('u')
  const max = bits === 53 ? Number.MAX_SAFE_INTEGER : 2 ** (signed ? bits - 1 : bits) - 1
  return fc.integer({ min: signed ? (bits === 53 ? -max : -max - 1) : 0, max })
}
const numbers = (Object.keys(bytesOfNumber) as NumberType[]).map((type) => {
  if (type === 'float32') return [type, fc.float({ noNaN: true, noDefaultInfinity: true })] as const
  if (type === 'float64') return [type, fc.double({ noNaN: true, noDefaultInfinity: true })] as const
  return [type, whole(type)] as const
})

test('every number of every type comes back from its bytes and from its words', () => {
  for (const [type, arbitrary] of numbers)
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(readNumber(writeNumber(value, type), type)).toEqual({ value, quality: 192 })
        if (type === 'int8' || type === 'uint8') return
        const words = writeWords(value, type, 0, { first: 'low', encoding: 'utf-8' })
        expect(words).toHaveLength(wordsOf(type))
        expect(readWords(words, type, 0, { first: 'low', encoding: 'utf-8' })).toEqual({ value, quality: 192 })
      }),
    )
})

test('a number of two words stands with its low word first', () => {
  expect([...writeWords(0x12345678, 'uint32', 0, { first: 'low', encoding: 'utf-8' })]).toEqual([0x5678, 0x1234])
})

test('every text comes back, whichever byte of a word is its first', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll(/[\0\ufeff]/g, '')),
      fc.constantFrom('low' as const, 'high' as const),
      (value, first) => {
        const length = Buffer.byteLength(value) + 3
        const words = writeWords(value, 'text', length, { first, encoding: 'utf-8' })
        expect(readWords(words, 'text', length, { first, encoding: 'utf-8' })).toEqual({ value, quality: 192 })
      },
    ),
  )
})

test('what does not fit a type, an encoding or its room is a DeviceError; what cannot be read has a reason', () => {
  const misfits: [unknown, NumberType][] = [
    [-129, 'int8'],
    [256, 'uint8'],
    [-1, 'uint64'],
    [2 ** 53, 'int64'],
    [1.5, 'int16'],
    [1e39, 'float32'],
    [Number.NaN, 'float64'],
    ['1', 'int16'],
    [true, 'int16'],
  ]
  for (const [value, type] of misfits) expect(() => writeNumber(value as number, type)).toThrow(DeviceError)
  expect(() => writeText('木', 10, 'gb18030')).toThrow('only printable ASCII')
  expect(() => writeText('木', 2, 'utf-8')).toThrow('3 bytes and 2 fit')
  expect(readText(Buffer.from([0xff]), 'utf-8')).toMatchObject({ quality: 0, reason: /no utf-8 text/ })
  expect(readNumber(Buffer.from('7fc00000', 'hex'), 'float32')).toMatchObject({ quality: 0, reason: /NaN/ })
  expect(readNumber(Buffer.alloc(8, 0xff), 'uint64')).toMatchObject({ value: 2 ** 64, quality: 64 })
})
