import type { AnyDriver } from './driver.ts'

/** Every driver by its name in a tag table; each is loaded by the first device that needs it. */
const drivers: Record<string, () => Promise<{ driver: AnyDriver }>> = {
  modbus: () => import('./drivers/modbus/driver.ts'),
  opcua: () => import('./drivers/opcua/driver.ts'),
  s7: () => import('./drivers/s7/driver.ts'),
  'mc-3e': () => import('./drivers/mc-3e/driver.ts'),
  fins: () => import('./drivers/fins/driver.ts'),
  'ethernet-ip': () => import('./drivers/ethernet-ip/driver.ts'),
  iec104: () => import('./drivers/iec104/driver.ts'),
  dlt645: () => import('./drivers/dlt645/driver.ts'),
  cjt188: () => import('./drivers/cjt188/driver.ts'),
  mtconnect: () => import('./drivers/mtconnect/driver.ts'),
}

export const protocols = Object.keys(drivers)

/** The driver of a protocol; undefined for an unknown one. */
export async function driverOf(protocol: string): Promise<AnyDriver | undefined> {
  return Object.hasOwn(drivers, protocol) ? (await drivers[protocol]?.())?.driver : undefined
}
