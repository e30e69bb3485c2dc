import { DeviceError, RefusedRequest } from './driver.ts'
import { joined, type Words, wordsOf } from './sentence.ts'

/**
 * Waits for an answer that `decode` takes. One that it finds unfit (DeviceError) is passed over, since the right one may
 * follow; when none does, the error says what came instead. The connection is begun anew then, so that a late answer is never
 * taken for the next request's. `ask` sends and gives each answer to `accept` until that gives something.
 */
export async function passingOverMisfits<Answer extends unknown[], T>(
  ask: (accept: (...answer: Answer) => T | undefined) => Promise<T>,
  decode: (...answer: Answer) => T,
): Promise<T> {
  let misfit: Words | undefined
  try {
    return await ask((...answer) => {
      try {
        return decode(...answer)
      } catch (error) {
        if (error instanceof RefusedRequest || !(error instanceof DeviceError)) throw error
        misfit = wordsOf(error)
        return undefined
      }
    })
  } catch (error) {
    if (misfit === undefined || error instanceof RefusedRequest || !(error instanceof Error)) throw error
    throw new DeviceError(joined`${wordsOf(error)}; ${misfit}`, { cause: error })
  }
}
