import type { MachineKind } from './machine.ts'
import { noise, wobble } from './noise.ts'
import { activityAt, makeCounter } from './shift.ts'
import { round, signal, state } from './signal.ts'

/** 空压机: loads and unloads between two pressures; the oil is warm after a quarter of an hour. */
export const compressor: MachineKind = {
  code: 'compressor',
  name: '空压机',
  nameEn: 'Air compressor',
  protocol: 'modbus',
  signals: [
    state,
    signal(
      'pressure',
      '排气压力',
      'Discharge pressure',
      'bar',
      [0, 16],
      { address: 'input/2', type: 'uint16', scale: 0.01 },
      0.03,
    ),
    signal(
      'oilTemperature',
      '油温',
      'Oil temperature',
      '℃',
      [0, 120],
      { address: 'input/3', type: 'int16', scale: 0.1 },
      0.2,
    ),
    signal(
      'current',
      '主机电流',
      'Motor current',
      'A',
      [0, 200],
      { address: 'input/4', type: 'uint16', scale: 0.1 },
      0.3,
    ),
    signal('runHours', '运行时间', 'Run hours', 'h', [0, 1e7], {
      address: 'input/6#CDAB',
      type: 'uint32',
      scale: 0.1,
    }),
    signal(
      'power',
      '有功功率',
      'Active power',
      'kW',
      [0, 200],
      { address: 'input/8', type: 'uint16', scale: 0.01 },
      0.05,
    ),
  ],
  make(plan, seed, sinceMs) {
    const hours = makeCounter(1 / 60, plan, seed, sinceMs)
    return (atMs) => {
      const activity = activityAt(plan, seed, atMs)
      if (activity === 'off') return undefined
      const n = Math.floor(atMs / 1000)
      const runs = activity === 'run'
      const phase = ((atMs / 1000 + seed * 37) % 150) / 150
      const loaded = runs && phase < 0.68
      return [
        runs ? 2 : activity === 'fault' ? 3 : 1,
        round(loaded ? 6.9 + phase * 1.3 : 8.1 - (phase - 0.68) * 3 + wobble(seed + 51, n) * 0.03, 2),
        round((runs ? 82 : 55) + wobble(seed + 52, n) * 0.7, 1),
        round(loaded ? 68 + wobble(seed + 53, n) * 0.9 : runs ? 27 : 0.4 + noise(seed + 54, n) * 0.2, 1),
        round(hours(atMs), 1),
        round((loaded ? 37 : runs ? 14.5 : 0.3) + noise(seed + 55, n) * 0.6, 2),
      ]
    }
  },
}
