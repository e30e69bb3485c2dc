import { Worker } from 'node:worker_threads'

/**
 * Does work in a thread of its own, so that it holds up nobody: `script` gets `ask` as workerData and posts one answer. Rejects
 * when the thread fails, ends without an answer, needs more memory than its limit, or takes longer than `msMax`.
 */
export function inWorker<Answer>(
  script: URL,
  ask: unknown,
  limits: { msMax: number; memoryMb: number },
): Promise<Answer> {
  const worker = new Worker(script, {
    workerData: ask,
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  })
  let timer: NodeJS.Timeout
  return new Promise<Answer>((done, fail) => {
    timer = setTimeout(() => fail(new Error(`it took longer than ${limits.msMax / 1_000} s`)), limits.msMax)
    worker.once('message', done)
    worker.once('error', fail)
    worker.once('exit', (code) => fail(new Error(`the work ended with ${code} and without an answer`)))
  }).finally(() => {
    clearTimeout(timer)
    return worker.terminate()
  })
}
