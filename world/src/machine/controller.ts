import type { MachineWords } from '../province.ts'
import { type MachineKind, machineKinds, type Signal } from './machine.ts'

/** What a machine is controlled by: the protocol that it speaks, and where it keeps each value. */
export type Controller = Pick<MachineKind, 'protocol' | 'signals'>

type Where = Signal['where']

/** Layouts of controllers that are not the kind's own: as an integrator would lay out the values one after the other. */
const layouts: Record<string, (signal: Signal, index: number) => Where> = {
  s7: (_, i) => ({ address: `DB10.DBD${i * 4}`, type: 'float32', scale: 1 }),
  'mc-3e': (_, i) => ({ address: `D${100 + i * 2}`, type: 'float32', scale: 1 }),
  fins: (_, i) => ({ address: `D${100 + i * 2}`, type: 'float32', scale: 1 }),
  mtconnect: ({ property }) => ({ address: property, type: 'float64', scale: 1 }),
  dlt645: ({ property }) => ({ address: meterRegisters[property] ?? property, type: 'float64', scale: 1 }),
}

/** A meter behind current transformers: as many digits before the point as they make necessary. */
const meterRegisters: Record<string, string> = {
  voltage: 'voltageA',
  current: '02020100:XXXX.XX',
  activePower: '02030000:XXXX.XX',
  powerFactor: 'powerFactorTotal',
  energy: 'forwardActiveEnergyTotal',
}

/** The controller of a machine: its own, or its kind's. */
export function controllerOf({ kind, protocol }: Pick<MachineWords, 'kind' | 'protocol'>): Controller {
  const own = machineKinds[kind]
  const layout = protocol === undefined ? undefined : layouts[protocol]
  if (protocol === undefined || layout === undefined) return own
  return { protocol, signals: own.signals.map((signal, i) => ({ ...signal, where: layout(signal, i) })) }
}
