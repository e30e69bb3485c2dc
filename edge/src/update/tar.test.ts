import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ArchiveError, tarEnd, tarHeader, tarPadding, unpackTar } from './tar.ts'

const folder = mkdtempSync(join(tmpdir(), 'kapok-tar-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileIn = (path: string, text: string, isProgram = false) => [
  tarHeader(path, Buffer.byteLength(text), isProgram),
  Buffer.from(text),
  tarPadding(Buffer.byteLength(text)),
]
/** A header that our own writer would not make. */
function headerWith(path: string, type: string, more: { link?: string; bytes?: number } = {}): Buffer {
  const header = tarHeader('node_modules/a', more.bytes ?? 0, false)
  header.fill(0, 0, 100)
  header.write(path, 0)
  header.write(type, 156)
  header.write(more.link ?? '', 157)
  header.fill(0x20, 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0`,
    148,
  )
  return header
}
async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function unpack(parts: readonly Buffer[], { size = 700, bytesMax = 10_000 } = {}) {
  const into = mkdtempSync(join(folder, 'x-'))
  const unpacked = await unpackTar(inPieces(Buffer.concat(parts), size), into, bytesMax)
  return { into, ...unpacked }
}

test('files, folders, long paths and programs come out as they went in, however the bytes arrive', async () => {
  const long = `node_modules/${'a-long-name/'.repeat(12)}file.js`
  const parts = [
    ...fileIn('node_modules/a/index.js', 'export {}\n'),
    ...fileIn(long, 'x'.repeat(1_500)),
    headerWith('node_modules/empty/', '5'),
    ...fileIn('node_modules/node/bin/node', '#!/bin/sh\n', true),
    ...fileIn('node_modules/a/nothing', ''),
    tarEnd,
  ]
  for (const size of [1, 511, 512, 10_000]) {
    const { into, files, bytes } = await unpack(parts, { size })
    expect({ files, bytes }).toEqual({ files: 4, bytes: 1_520 })
    expect(readFileSync(join(into, long), 'utf8')).toBe('x'.repeat(1_500))
    expect(statSync(join(into, 'node_modules/node/bin/node')).mode & 0o777).toBe(0o755)
    expect(statSync(join(into, 'node_modules/a/index.js')).mode & 0o111).toBe(0)
    expect(readdirSync(join(into, 'node_modules/empty'))).toEqual([])
  }
})

test('a path that leads outside, a link, a device, and a path that comes twice are refused, and nothing stands outside', async () => {
  const wrongs: [string, Buffer[]][] = [
    ['outside', [headerWith('node_modules/../../evil', '0')]],
    ['outside', [headerWith('/etc/evil', '0')]],
    ['outside', [headerWith('evil', '0')]],
    ['outside', [headerWith('node_modules/./a', '0')]],
    ['outside', [headerWith('node_modules\\..\\evil', '0')]],
    ['outside', [headerWith('node_modules/a\nb', '0')]],
    ['neither a file', [headerWith('node_modules/link', '2', { link: '/etc' })]],
    ['neither a file', [headerWith('node_modules/hard', '1', { link: 'node_modules/a' })]],
    ['neither a file', [headerWith('node_modules/device', '3')]],
    ['neither a file', [headerWith('node_modules/pax', 'x')]],
    ['twice', [...fileIn('node_modules/a', '1'), ...fileIn('node_modules/a', '2')]],
  ]
  for (const [words, parts] of wrongs) await expect(unpack([...parts, tarEnd]), words).rejects.toThrow(words)
  expect(existsSync(join(folder, 'evil'))).toBe(false)
})

test('more content than was signed, a torn end and a damaged header are refused', async () => {
  const parts = [...fileIn('node_modules/a', 'x'.repeat(600)), tarEnd]
  await expect(unpack(parts, { bytesMax: 599 })).rejects.toThrow('more than 599 bytes')
  const whole = Buffer.concat(parts)
  for (const length of [100, 512, 700, 1_100, 1_600])
    await expect(unpack([whole.subarray(0, length)])).rejects.toThrow('ends in the middle')
  whole[3] = (whole[3] ?? 0) ^ 1
  await expect(unpack([whole])).rejects.toThrow('checksum')
})

test('whatever the bytes are, only an ArchiveError comes of them, and no more than the limit is written', async () => {
  const good = Buffer.concat([...fileIn('node_modules/a/b', 'hello'), headerWith('node_modules/c/', '5'), tarEnd])
  const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 2_000 }).map((b) => Buffer.from(b)),
        flips,
      ),
      async (input) => {
        const bytes = Buffer.isBuffer(input) ? input : Buffer.from(good)
        if (!Buffer.isBuffer(input)) for (const [at, value] of input) bytes[at] = value
        try {
          expect((await unpack([bytes])).bytes).toBeLessThanOrEqual(10_000)
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveError)
        }
      },
    ),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 500) },
  )
})
