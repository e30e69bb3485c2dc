import { expect, test } from 'vitest'
import { fileKind } from './file-kind.ts'

/** A ZIP with stored, empty entries of these names. */
function zip(names: string[]): Uint8Array {
  const encode = (text: string) => [...new TextEncoder().encode(text)]
  const u16 = (value: number) => [value & 255, value >> 8]
  const u32 = (value: number) => [...u16(value & 65535), ...u16(value >>> 16)]
  const bytes: number[] = []
  const directory: number[] = []
  for (const name of names) {
    const at = bytes.length
    const fixed = [
      ...u16(20),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(0),
      ...u32(0),
      ...u32(0),
      ...u16(encode(name).length),
      ...u16(0),
    ]
    bytes.push(...u32(0x04034b50), ...fixed, ...encode(name))
    directory.push(
      ...u32(0x02014b50),
      ...u16(20),
      ...fixed,
      ...u16(0),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(at),
      ...encode(name),
    )
  }
  const start = bytes.length
  const end = [
    ...u32(0x06054b50),
    ...u16(0),
    ...u16(0),
    ...u16(names.length),
    ...u16(names.length),
    ...u32(directory.length),
    ...u32(start),
    ...u16(0),
  ]
  return new Uint8Array([...bytes, ...directory, ...end])
}

test('the content decides what a file is', () => {
  expect(fileKind(new TextEncoder().encode('%PDF-1.7\n'))).toBe('application/pdf')
  expect(fileKind(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe('image/jpeg')
  expect(fileKind(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]))).toBe('image/png')
  expect(fileKind(zip(['OFD.xml', 'Doc_0/Document.xml']))).toBe('application/ofd')
})

test('a ZIP that is no OFD, a web page and a torn archive are nothing that a case takes', () => {
  expect(fileKind(zip(['word/document.xml']))).toBeUndefined()
  expect(fileKind(zip(['evil/OFD.xml.exe']))).toBeUndefined()
  expect(fileKind(new TextEncoder().encode('<html>%PDF-1.7'))).toBeUndefined()
  const whole = zip(['OFD.xml'])
  for (let length = 0; length < whole.length; length++) expect(() => fileKind(whole.subarray(0, length))).not.toThrow()
  expect(fileKind(new Uint8Array())).toBeUndefined()
})
