import type { EdgeBuffer } from '../buffer/buffer.ts'
import type { Northbounds } from '../northbound/northbounds.ts'
import type { DeviceState } from '../reading/reader.ts'
import type { UplinkState } from '../uplink.ts'

export interface EdgeStatus {
  devices: readonly DeviceState[]
  uplink: UplinkState
  northbound: Northbounds['states']
  buffer: EdgeBuffer
}

/** For programs: the bench, the tests, a world. */
export function statusOf({ devices, uplink, northbound, buffer }: EdgeStatus) {
  const { points, lost } = buffer.tally()
  return { devices, uplink, northbound, buffered: points, lost }
}

/** Prometheus text. */
export function metricsOf({ devices, uplink, northbound, buffer }: EdgeStatus): string {
  const { points, lost } = buffer.tally()
  const lines = [
    `kapok_edge_uplink_connected ${uplink.connected ? 1 : 0}`,
    `kapok_edge_points_sent_total ${uplink.sentPoints}`,
    `kapok_edge_points_buffered ${points}`,
    `kapok_edge_points_lost_total ${lost}`,
    ...devices.flatMap(({ name, connected, reads, errors }) => {
      const label = labelOf('device', name)
      return [
        `kapok_edge_device_connected${label} ${connected ? 1 : 0}`,
        `kapok_edge_device_reads_total${label} ${reads}`,
        `kapok_edge_device_errors_total${label} ${errors}`,
      ]
    }),
    ...northbound.flatMap(({ name, phase, sentPoints, waiting }) => {
      const label = labelOf('broker', name)
      return [
        `kapok_edge_broker_online${label} ${phase === 'online' ? 1 : 0}`,
        `kapok_edge_broker_points_sent_total${label} ${sentPoints}`,
        `kapok_edge_broker_batches_waiting${label} ${waiting}`,
      ]
    }),
  ]
  return `${lines.join('\n')}\n`
}

const labelOf = (name: string, value: string) => `{${name}="${value.replace(/[\\"\n]/g, '\\$&')}"}`
