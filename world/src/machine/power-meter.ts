import type { MachineKind } from './machine.ts'
import { noise, wobble } from './noise.ts'
import { activityAt, makeCounter } from './shift.ts'
import { round, signal } from './signal.ts'

/** 电表 of a workshop: on whenever the shift is, its energy register only rises. */
export const powerMeter: MachineKind = {
  code: 'power-meter',
  name: '智能电表',
  nameEn: 'Power meter',
  protocol: 'modbus',
  signals: [
    signal(
      'voltage',
      '相电压',
      'Phase voltage',
      'V',
      [0, 300],
      { address: 'input/0', type: 'uint16', scale: 0.1 },
      0.3,
    ),
    signal('current', '相电流', 'Phase current', 'A', [0, 2000], { address: 'input/2' }, 0.5),
    signal('activePower', '有功功率', 'Active power', 'kW', [0, 1000], { address: 'input/4' }, 0.3),
    signal(
      'powerFactor',
      '功率因数',
      'Power factor',
      '',
      [0, 1],
      { address: 'input/6', type: 'uint16', scale: 0.001 },
      0.003,
    ),
    signal('energy', '累计电量', 'Energy', 'kWh', [0, 1e9], { address: 'input/8', type: 'uint32', scale: 0.01 }),
  ],
  make(plan, seed, sinceMs) {
    const energy = makeCounter(1.55, plan, seed, sinceMs)
    return (atMs) => {
      const activity = activityAt(plan, seed, atMs)
      if (activity === 'off') return undefined
      const n = Math.floor(atMs / 1000)
      const block = Math.floor(atMs / 600_000)
      const power =
        activity === 'run' ? 80 + noise(seed + 61, block) * 35 + wobble(seed + 62, n) * 2 : 18 + noise(seed + 63, n)
      const voltage = 228 + wobble(seed + 64, n) * 1.2
      const factor = 0.9 + noise(seed + 65, block) * 0.06
      return [
        round(voltage, 1),
        round((power * 1000) / (3 * voltage * factor), 1),
        round(power, 2),
        round(factor, 3),
        round(energy(atMs), 2),
      ]
    }
  },
}
