import { existsSync, mkdirSync, readFileSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '@kapok/kit/limits'
import { type Mode, SetupError } from '../config.ts'

/** Raised when a newer Kapok lays the folder out differently; an older one then refuses it. */
export const folderFormat = 1

export interface Stamp {
  kapok: Mode
  format: number
  bornAt: string
}

/** What a folder says of itself: undefined when it was never a data folder, SetupError when it cannot be understood. */
export function readStamp(folder: string): Stamp | undefined {
  const file = join(folder, 'kapok.json')
  if (!existsSync(file)) return undefined
  try {
    const stamp = JSON.parse(readFileSync(file, 'utf8')) as Stamp
    if (['platform', 'world'].includes(stamp.kapok) && Number.isInteger(stamp.format)) return stamp
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new SetupError(
    `${file}, by which a data folder says what it is, cannot be read. Bring it back from a backup, or set KAPOK_DATA to another folder.`,
  )
}

/**
 * Makes the data folder or checks its stamp: a platform's folder is no world's and the other way round, a folder of a
 * newer format is refused, and so is a disk that is about to be full.
 */
export function openDataFolder(folder: string, mode: Mode, nowMs: number): { isNew: boolean } {
  const stampFile = join(folder, 'kapok.json')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 })
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < limits.diskFreeToStartBytes)
      throw new SetupError(
        `The disk of ${folder} has less than 512 MB free. Free some space, or set KAPOK_DATA to a folder on another disk.`,
      )
    if (!existsSync(stampFile)) {
      const stamp: Stamp = { kapok: mode, format: folderFormat, bornAt: new Date(nowMs).toISOString() }
      writeFileSync(stampFile, `${JSON.stringify(stamp)}\n`)
      return { isNew: true }
    }
  } catch (error) {
    if (error instanceof SetupError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const advice = code === 'ENOSPC' ? 'The disk is full: free some space' : 'Check its permissions'
    throw new SetupError(
      `The data folder ${folder} cannot be written (${code}). ${advice}, or set KAPOK_DATA to another folder.`,
      { cause: error },
    )
  }
  const stamp = readStamp(folder)
  if (stamp === undefined) throw new Error('a stamp that was there is gone')
  if (stamp.kapok !== mode) {
    const right = stamp.kapok === 'world' ? 'npm run world' : 'npm start'
    throw new SetupError(
      `${folder} belongs to a ${stamp.kapok}. Start it with “${right}”, or set KAPOK_DATA to another folder.`,
    )
  }
  if (stamp.format > folderFormat)
    throw new SetupError(
      `${folder} was made by a newer version of Kapok (format ${stamp.format}). Install that version, or set KAPOK_DATA to another folder.`,
    )
  return { isNew: false }
}

const lockFile = (folder: string) => join(folder, 'kapok.lock')

/** Process of the supervisor that runs on a folder now; undefined when none does. */
export function runningOn(folder: string): number | undefined {
  if (!existsSync(lockFile(folder))) return undefined
  let holder: { pid?: number; startedAt?: string }
  try {
    holder = JSON.parse(readFileSync(lockFile(folder), 'utf8')) as typeof holder
  } catch {
    // Half a file: its writer was killed while it wrote.
    return undefined
  }
  const { pid, startedAt } = holder
  return pid !== undefined && processStart(pid) === startedAt ? pid : undefined
}

export interface Lock {
  release(): void
}

/** One supervisor a folder. A lock whose process is gone (kill -9, power) is taken over. */
export function lockDataFolder(folder: string): Lock {
  const file = lockFile(folder)
  const holder = runningOn(folder)
  if (holder !== undefined && holder !== process.pid)
    throw new SetupError(
      `Kapok is already running on ${folder} (process ${holder}). Stop it first, or set KAPOK_DATA to another folder.`,
    )
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) }))
  return {
    release() {
      if (existsSync(file)) unlinkSync(file)
    },
  }
}

/** When a process started (clock ticks since boot), so that a pid that came round again is not taken for the old one. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** Parent of a process, from /proc; undefined when it is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
