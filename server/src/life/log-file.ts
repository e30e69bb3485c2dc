import { closeSync, copyFileSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'

export interface LogFile {
  path: string
  /** Opened for appending: every role writes to it as its standard error, so that a crash's last words are there too. */
  fd: number
  stop(): void
}

const lookMs = 5_000

/**
 * The log of all roles, `kapok.log` in `folder`. Beyond `bytesMax` it becomes `kapok.log.1`, the older ones move on, and
 * `kept` of them stay. It is copied and cut rather than renamed, since roles hold it open; what is written between the
 * two is lost.
 */
export function openLogFile(folder: string, bytesMax = 16 << 20, kept = 4): LogFile & { look(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'kapok.log')
  const fd = openSync(path, 'a', 0o600)
  const look = () => {
    if (fstatSync(fd).size <= bytesMax) return
    for (let n = kept - 1; n >= 1; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`)
    copyFileSync(path, `${path}.1`)
    ftruncateSync(fd, 0)
  }
  look()
  const timer = setInterval(look, lookMs).unref()
  return {
    path,
    fd,
    look,
    stop() {
      clearInterval(timer)
      closeSync(fd)
    },
  }
}
