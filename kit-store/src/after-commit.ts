/**
 * Tells the other roles of a change. The dispatcher commits right after the use case returns, so the word is sent a
 * moment later, and once more: a receiver that read between the two would else keep the old rows until they age out.
 */
export function afterCommit(emit: () => void): void {
  for (const ms of [20, 500]) setTimeout(emit, ms).unref()
}
