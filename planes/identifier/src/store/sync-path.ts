import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Puts a file's bytes, or a folder's names, on the disk. */
export function syncPath(path: string): void {
  const open = openSync(path, 'r')
  try {
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
}
