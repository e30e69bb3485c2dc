import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchPoint } from '@kapok/contracts/compact-batch'
import { EdgeBuffer, type EdgePoint } from '@kapok/edge/buffer'
import { readIdentity } from '@kapok/edge/identity'
import { startUplink } from '@kapok/edge/uplink'
import type { Log } from '@kapok/kit/log'

/** Values that the buffer takes at once. */
const appendMax = 50_000
const pollMs = 3

/** A plant's gateway while the past is replayed: only the reading is played; buffer, sequence, key and uplink are its own. */
export interface PlantGateway {
  /** Resolves when the platform has acknowledged every point, or when the gateway was stopped. */
  send(points: readonly BatchPoint[]): Promise<void>
  stop(): Promise<void>
}

/** Opens the buffer in a gateway's home, which no process may have open meanwhile. */
export function openGateway(home: string, url: string, log: Log): PlantGateway {
  const identity = readIdentity(home)
  if (identity === undefined) throw new Error(`the gateway in ${home} has no identity any more`)
  const { token, key } = identity
  const buffer = new EdgeBuffer(join(home, 'batches'))
  const uplink = startUplink({ url, token, key, buffer, log })
  let stopped = false
  const waits = () => {
    buffer.flush()
    return buffer.waiting(0, Number.MAX_SAFE_INTEGER, 1).length > 0
  }
  return {
    async send(points) {
      for (let i = 0; i < points.length; i += appendMax)
        await buffer.append(points.slice(i, i + appendMax) as readonly EdgePoint[])
      while (!stopped && waits()) await sleep(pollMs)
    },
    async stop() {
      stopped = true
      await uplink.stop()
      buffer.close()
    },
  }
}
