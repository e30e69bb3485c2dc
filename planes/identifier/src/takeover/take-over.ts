import { responses, type Site } from '../handle/handle.ts'
import type { Recursion } from '../node/service.ts'
import { sitesIn } from '../recursion/sites.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { takeoverLimits } from './limits.ts'
import type { Standing } from './standing.ts'

/** Why a node does not take over, or does not hand back: a sentence that says what to do. */
export class TakeoverError extends Error {
  override name = 'TakeoverError'
}

export interface TakeOverOptions {
  records: ChangingRecords
  standing: Standing
  prefixes: readonly string[]
  parents: Recursion
  /** What follows the other node's log; it ends here. */
  follower: { stop(): Promise<void> }
  clock: { now(): number }
}

/**
 * A mirror becomes the node that takes changes, with all the prefixes of the log that it follows. On the disk before the first
 * change: from where on the log is its own. Its site's serial is above all that the parent, the copy and it itself know.
 */
export async function takeOver({
  records,
  standing,
  prefixes,
  parents,
  follower,
  clock,
}: TakeOverOptions): Promise<void> {
  if (standing.state.taken && !standing.state.handedBack) return
  if (standing.state.handedBack)
    throw new TakeoverError('this node handed back: start it again, so that it follows from the beginning')
  const unknown = prefixes.find((prefix) => records.find(`0.NA/${prefix}`) === undefined)
  if (unknown !== undefined)
    throw new TakeoverError(`this mirror has nothing of ${unknown} yet: it cannot know who administers it`)
  await follower.stop()
  const sites: Site[] = []
  for (const prefix of prefixes) {
    const handle = `0.NA/${prefix}`
    sites.push(...sitesIn(records.find(handle) ?? []))
    const { response, body } = await parents.resolve({ handle, indexes: [], types: ['HS_SITE'], authoritative: true })
    if (response === responses.success && body.kind === 'values') sites.push(...sitesIn(body.values))
  }
  const serial = Math.max(standing.state.serial, ...sites.map((site) => site.serial)) + 1
  if (serial > takeoverLimits.serialMax)
    throw new TakeoverError('the serial of a site has 16 bits, and they are used up')
  const verifier = records.log.verifierKey
  const taken = { atMs: clock.now(), size: records.log.size, verifier }
  standing.update({ serial, taken, followed: true, replaced: undefined })
  standing.confirm()
  records.takeOver()
}
