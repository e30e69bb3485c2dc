import { readFileSync } from 'node:fs'
import { parentOf, processStart } from './data-folder.ts'

/**
 * npm does not pass signals on, and neither does its shell: when only they were told to stop, the supervisor is left
 * alone. So it remembers who its parents were up to npm and calls back once one of them is gone.
 */
export function whenParentsGo(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const known: { pid: number; startedAt: string | undefined }[] = []
  let pid: number | undefined = process.ppid
  // `npm run` is node, its script a shell: two or three steps up.
  for (let step = 0; step < 3 && pid !== undefined && pid > 1; step++) {
    known.push({ pid, startedAt: processStart(pid) })
    if (known.length > 1 && isNpm(pid)) break
    pid = parentOf(pid)
  }
  const npmAt = known.findIndex(({ pid: each }) => isNpm(each))
  const watched = npmAt === -1 ? known.slice(0, 1) : known.slice(0, npmAt + 1)
  const timer = setInterval(() => {
    if (watched.every(({ pid: each, startedAt }) => processStart(each) === startedAt)) return
    clearInterval(timer)
    callback()
  }, 300)
  timer.unref()
}

function isNpm(pid: number): boolean {
  const title = commandOf(pid)
  return /(^|[/\s])npm(\s|-cli|$)/.test(title)
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
