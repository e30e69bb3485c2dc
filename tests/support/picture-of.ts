import { crc32, deflateSync } from 'node:zlib'
import type { Symbol2d } from '../../server/src/http/labels/symbol.ts'

const scale = 8

/** A symbol as a PNG (RFC 2083) in grey, with its quiet zone. */
export function pictureOf({ columns, rows, dark, quiet }: Symbol2d): Buffer {
  const border = Math.max(quiet, 2)
  const width = (columns + 2 * border) * scale
  const height = (rows + 2 * border) * scale
  const lines = Array.from({ length: height }, (_, y) => {
    const line = Buffer.alloc(1 + width, 255)
    line[0] = 0
    for (let x = 0; x < width; x++) {
      const [column, row] = [Math.floor(x / scale) - border, Math.floor(y / scale) - border]
      if (column >= 0 && column < columns && dark[row * columns + column]) line[1 + x] = 0
    }
    return line
  })
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // Eight bits of grey.
  head[8] = 8
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A camera's picture (Y4M, one frame that is shown again and again) with the symbol in its middle. */
export function filmOf({ columns, rows, dark }: Symbol2d): Buffer {
  const [width, height] = [640, 480]
  const light = Buffer.alloc(width * height, 235)
  const [left, top] = [(width - columns * scale) >> 1, (height - rows * scale) >> 1]
  for (let y = 0; y < rows * scale; y++)
    for (let x = 0; x < columns * scale; x++)
      if (dark[Math.floor(y / scale) * columns + Math.floor(x / scale)]) light[(top + y) * width + left + x] = 16
  const colour = Buffer.alloc((width * height) / 2, 128)
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420mpeg2\nFRAME\n`), light, colour])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
