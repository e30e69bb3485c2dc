import type { TagType } from '@kapok/edge/driver'
import { compressor } from './compressor.ts'
import { injectionMoulding } from './injection-moulding.ts'
import { machiningCentre } from './machining-centre.ts'
import { powerMeter } from './power-meter.ts'
import type { ShiftPlan } from './shift.ts'

/** One value of a machine kind: how it is called, and where its PLC keeps it. */
export interface Signal {
  property: string
  name: string
  nameEn: string
  type: 'float' | 'int'
  unit: string
  min: number
  max: number
  /** In the grammar of the kind's protocol. */
  where: { address: string; type: TagType; scale: number }
  /** A change smaller than this is not worth sending. */
  deadBand: number
}

/** A kind of machine as words and one pure function; adding a kind touches nothing else. */
export interface MachineKind {
  code: string
  name: string
  nameEn: string
  /** What it speaks, by the name of the gateway's driver. */
  protocol: string
  signals: readonly Signal[]
  /** Makes one machine: its values at an instant, or undefined while it is switched off. */
  make(plan: ShiftPlan, seed: number, sinceMs: number): (atMs: number) => readonly number[] | undefined
}

export const machineKinds = { injectionMoulding, machiningCentre, compressor, powerMeter } satisfies Record<
  string,
  MachineKind
>
export type MachineKindName = keyof typeof machineKinds
