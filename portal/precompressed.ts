import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)]
/** Below this a compressed copy saves nothing. */
const bytesMin = 1024

/** Writes a compressed copy beside every script, style and program, once, so that no request waits for the compression. */
export function precompressed(folder: string) {
  return {
    name: 'kapok-precompressed',
    apply: 'build' as const,
    async closeBundle() {
      for (const file of globSync('assets/*.{js,css,wasm}', { cwd: folder })) {
        const path = join(folder, file)
        const bytes = await readFile(path)
        if (bytes.length < bytesMin) continue
        await writeFile(`${path}.br`, await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
        await writeFile(`${path}.gz`, await zip(bytes, { level: 9 }))
      }
    },
  }
}
