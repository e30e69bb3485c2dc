import type { Simulate } from './simulator.ts'

/** A simulator for each driver. Apart from the drivers, since a gateway in a plant needs none. */
const simulators: Record<string, () => Promise<{ simulate: Simulate }>> = {
  modbus: () => import('./drivers/modbus/simulator.ts'),
  opcua: () => import('./drivers/opcua/simulator.ts'),
  s7: () => import('./drivers/s7/simulator.ts'),
  'mc-3e': () => import('./drivers/mc-3e/simulator.ts'),
  fins: () => import('./drivers/fins/simulator.ts'),
  'ethernet-ip': () => import('./drivers/ethernet-ip/simulator.ts'),
  iec104: () => import('./drivers/iec104/simulator.ts'),
  dlt645: () => import('./drivers/dlt645/simulator.ts'),
  cjt188: () => import('./drivers/cjt188/simulator.ts'),
  mtconnect: () => import('./drivers/mtconnect/simulator.ts'),
}

/** Throws for an unknown protocol. */
export async function simulatorOf(protocol: string): Promise<Simulate> {
  const load = Object.hasOwn(simulators, protocol) ? simulators[protocol] : undefined
  if (load === undefined) throw new Error(`there is no simulator for ${protocol}`)
  return (await load()).simulate
}
