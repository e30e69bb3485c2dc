import { inWorker } from '@kapok/kit-store/in-worker'
import { registryLimits } from '../limits.ts'
import type { Registrant } from '../record/check-facts.ts'
import { refuse } from '../refusals.ts'
import type { CheckedRow } from './check-rows.ts'
import type { ResultRow } from './excel.ts'
import type { FileAnswer, FileAsk } from './file-worker.ts'

const script = new URL('./file-worker.ts', import.meta.url)

/** Excel files in threads of their own, a few at a time. Methods throw refusals. */
export class FileWork {
  #working = 0

  async check(file: Uint8Array, registrant: Registrant): Promise<CheckedRow[]> {
    const answer = await this.#ask({ check: file, registrant })
    if (!('rows' in answer)) throw new Error('a check has rows')
    return answer.rows
  }

  result(rows: readonly ResultRow[], language: 'zh' | 'en'): Promise<Uint8Array> {
    return this.#bytes({ result: rows, language })
  }

  template(language: 'zh' | 'en'): Promise<Uint8Array> {
    return this.#bytes({ template: language })
  }

  async #bytes(ask: FileAsk): Promise<Uint8Array> {
    const answer = await this.#ask(ask)
    if (!('bytes' in answer)) throw new Error('a written file has bytes')
    return answer.bytes
  }

  async #ask(ask: FileAsk): Promise<FileAnswer> {
    if (this.#working >= registryLimits.filesAtOnce) throw refuse('import.busy')
    this.#working++
    try {
      const limits = { msMax: registryLimits.excelMs, memoryMb: registryLimits.excelMemoryMb }
      const answer = await inWorker<FileAnswer>(script, ask, limits).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause)
        throw refuse('import.unreadable', { why }, { cause })
      })
      if ('unreadable' in answer) throw refuse('import.unreadable', { why: answer.unreadable })
      return answer
    } finally {
      this.#working--
    }
  }
}
