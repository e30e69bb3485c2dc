import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreFault } from './refusal.ts'

/**
 * One writer a folder. Returns what gives the folder back. A lock whose process is gone (kill -9, power) is taken over.
 * Throws StoreFault when another process, or this one, has it open. Beside it each commit looks whether the log grew by
 * another hand, since processes in different containers do not see each other.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'writer.lock')
  const mine = `${process.pid} ${processStart(process.pid)}`
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, mine)
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(draft, file)
        return () => {
          if (readOrEmpty(file) === mine) rmSync(file, { force: true })
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readOrEmpty(file)
      const [pid = '', start = ''] = holder.split(' ')
      if (attempt > 3 || (pid !== '' && processStart(Number(pid)) === start))
        throw new StoreFault(
          `${folder} is open for writing in process ${pid}: one process writes to a store, others may open it with readOnly`,
        )
      if (readOrEmpty(file) === holder) rmSync(file, { force: true })
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** When a process started (clock ticks since boot), so that a pid that came round again is not taken for the old one. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
