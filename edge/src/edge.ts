import type { AddressInfo } from 'node:net'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { EdgeBuffer } from './buffer/buffer.ts'
import { startReader } from './reading/reader.ts'
import { startStatusPage } from './status-page.ts'
import { readTagTable } from './tag-table.ts'
import { startUplink } from './uplink.ts'

export { TagTableError } from './check.ts'
export { readTagTable } from './tag-table.ts'

export interface EdgeOptions {
  /** The tag table, YAML text. */
  tagTable: string
  /** File of the buffer. */
  bufferFile: string
  clock: Clock
  log: Log
}

export interface Edge {
  /** Where the gateway's own page is served. */
  statusUrl: string
  stop(): Promise<void>
}

// driver → normalise → buffer → uplink
export async function runEdge({ tagTable, bufferFile, clock, log }: EdgeOptions): Promise<Edge> {
  const table = await readTagTable(tagTable)
  const buffer = new EdgeBuffer(bufferFile)
  const readers = table.devices.map((device) => startReader(device, buffer, clock, log))
  const uplink = startUplink({ url: table.platform, token: table.token, buffer, log })
  const page = await startStatusPage(table.statusPort, {
    devices: readers.map((reader) => reader.state),
    uplink: uplink.state,
    buffer,
  })
  const { port } = page.address() as AddressInfo
  return {
    statusUrl: `http://127.0.0.1:${port}/`,
    async stop() {
      page.closeAllConnections()
      page.close()
      await Promise.all(readers.map((reader) => reader.stop()))
      await uplink.stop()
      buffer.close()
    },
  }
}
