/** What a gateway and its platform say to each other beside points. Types alone, so that a gateway loads no schemas. */

/** Topics of the gateway's own session. It signs what it sends there, as it signs batches. */
export const gatewayTopics = {
  health: 'kapok/v1/gateway/health',
} as const

export interface DeviceHealth {
  name: string
  protocol: string
  connected: boolean
  lastError: string | null
  /** Tags whose last value is good, and those whose last is not. */
  good: number
  bad: number
}

export interface GatewayHealth {
  /** What the gateway's clock says, Unix ms. */
  at: number
  /** Of the gateway's software. */
  version: string
  uptimeMs: number
  /** At most `devicesInHealthMax`, those with trouble first. */
  devices: DeviceHealth[]
  devicesTotal: number
  /** Values that wait for the platform, and the time of the oldest. */
  backlog: { points: number; bytes: number; oldestAt: number | null }
  /** Values that gave way or were refused by the disk, since the buffer was made. */
  lost: number
}

export const devicesInHealthMax = 500
