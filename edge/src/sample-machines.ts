import type { TagType, TagValue } from './driver.ts'

/** A machine of each protocol with a few values, for what is to hold for every driver. */
export interface SampleMachine {
  protocol: string
  /** Two tags that hold the moment n (0 to 9,999), each in its own way, so that a wrong value gives itself away. */
  tags: readonly { address: string; type: TagType; at(n: number): TagValue }[]
  /** A third one, to be taken away from the machine; undefined where a machine cannot lack one alone. */
  removable: string | undefined
  /**
   * Bytes at the beginning of what it sends that a damage shows in; without a limit where frames have a checksum of their own,
   * beside TCP's.
   */
  guardedBytes: number
}

const whole = (n: number) => n
const half = (n: number) => n / 2 + 1000

export const sampleMachines: readonly SampleMachine[] = [
  {
    protocol: 'modbus',
    tags: [
      { address: 'holding/0', type: 'uint16', at: whole },
      { address: 'input/40#CDAB', type: 'float32', at: half },
    ],
    removable: 'holding/2',
    guardedBytes: 9,
  },
  {
    protocol: 'opcua',
    tags: [
      { address: 'ns=2;s=Count', type: 'uint16', at: whole },
      { address: 'ns=2;s=Speed', type: 'float64', at: half },
    ],
    removable: 'ns=2;s=Extra',
    guardedBytes: 12,
  },
  {
    protocol: 's7',
    tags: [
      { address: 'DB1.DBW0', type: 'uint16', at: whole },
      { address: 'DB2.DBD4', type: 'float32', at: half },
    ],
    removable: 'DB1.DBW2',
    guardedBytes: 19,
  },
  {
    protocol: 'mc-3e',
    tags: [
      { address: 'D100', type: 'uint16', at: whole },
      { address: 'W1A0', type: 'float32', at: half },
    ],
    removable: 'D101',
    guardedBytes: 11,
  },
  {
    protocol: 'fins',
    tags: [
      { address: 'D100', type: 'uint16', at: whole },
      { address: 'W10', type: 'float32', at: half },
    ],
    removable: 'D101',
    guardedBytes: 16,
  },
  {
    protocol: 'ethernet-ip',
    tags: [
      { address: 'Count', type: 'int32', at: whole },
      { address: 'Speed', type: 'float32', at: half },
    ],
    removable: 'Extra',
    guardedBytes: 24,
  },
  {
    protocol: 'iec104',
    tags: [
      { address: 'M_ME_NB:6', type: 'int16', at: whole },
      { address: 'M_ME_NC:7', type: 'float32', at: half },
    ],
    // A station does not say that a point is gone.
    removable: undefined,
    guardedBytes: 6,
  },
  {
    protocol: 'dlt645',
    tags: [
      { address: 'forwardActiveEnergyTotal', type: 'float64', at: whole },
      { address: 'reverseActiveEnergyTotal', type: 'float64', at: half },
    ],
    removable: 'voltageA',
    guardedBytes: Number.POSITIVE_INFINITY,
  },
  {
    protocol: 'cjt188',
    tags: [
      { address: 'cumulativeFlow', type: 'float64', at: whole },
      { address: 'settlementFlow', type: 'float64', at: half },
    ],
    // A meter answers with all of its values or with none.
    removable: undefined,
    guardedBytes: Number.POSITIVE_INFINITY,
  },
  {
    protocol: 'mtconnect',
    tags: [
      { address: 'count', type: 'float64', at: whole },
      { address: 'speed', type: 'float64', at: half },
    ],
    // Nor does an agent, until it starts anew.
    removable: undefined,
    guardedBytes: 8,
  },
]
