import type { AnyDriver } from './driver.ts'

/** Every driver by its name in a tag table; each is loaded by the first device that needs it. */
const drivers: Record<string, () => Promise<{ driver: AnyDriver }>> = {
  modbus: () => import('./drivers/modbus/driver.ts'),
  s7: () => import('./drivers/s7/driver.ts'),
  'mc-3e': () => import('./drivers/mc-3e/driver.ts'),
  fins: () => import('./drivers/fins/driver.ts'),
}

export const protocols = Object.keys(drivers)

/** The driver of a protocol; undefined for an unknown one. */
export async function driverOf(protocol: string): Promise<AnyDriver | undefined> {
  return Object.hasOwn(drivers, protocol) ? (await drivers[protocol]?.())?.driver : undefined
}
