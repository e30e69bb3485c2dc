import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The lines of a list in lists/: columns divided by tabs, comment lines with `#`, `<GS>` for the character 0x1D. For tests.
 */
export function linesOf(list: string): readonly (readonly string[])[] {
  return readFileSync(join(import.meta.dirname, 'lists', `${list}.txt`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replaceAll('<GS>', '\x1d').split('\t'))
}
