import type { MachineKind } from './machine.ts'
import { noise, wobble } from './noise.ts'
import { activityAt, makeCounter } from './shift.ts'
import { round, signal, state } from './signal.ts'

/** 数控加工中心: programmes of a few minutes; vibration of the spindle grows with wear and is set back weekly. */
export const machiningCentre: MachineKind = {
  code: 'machining-centre',
  name: '数控加工中心',
  nameEn: 'Machining centre',
  protocol: 'modbus',
  signals: [
    state,
    signal(
      'spindleSpeed',
      '主轴转速',
      'Spindle speed',
      'r/min',
      [0, 24_000],
      { address: 'holding/2', type: 'uint16' },
      20,
    ),
    signal(
      'spindleLoad',
      '主轴负载',
      'Spindle load',
      '%',
      [0, 150],
      { address: 'holding/3', type: 'uint16', scale: 0.1 },
      0.5,
    ),
    signal('feedRate', '进给速度', 'Feed rate', 'mm/min', [0, 30_000], { address: 'holding/4', type: 'uint16' }, 10),
    signal('partCount', '产量', 'Parts', '', [0, 1e9], { address: 'holding/6', type: 'uint32' }),
    signal('vibration', '主轴振动', 'Spindle vibration', 'mm/s', [0, 20], { address: 'holding/8' }, 0.02),
    signal(
      'power',
      '有功功率',
      'Active power',
      'kW',
      [0, 100],
      { address: 'holding/10', type: 'uint16', scale: 0.01 },
      0.05,
    ),
  ],
  make(plan, seed, sinceMs) {
    const parts = makeCounter(0.22, plan, seed, sinceMs)
    return (atMs) => {
      const activity = activityAt(plan, seed, atMs)
      if (activity === 'off') return undefined
      const n = Math.floor(atMs / 1000)
      const runs = activity === 'run'
      // One operation lasts a few minutes: roughing loads the spindle more than finishing.
      const operation = Math.floor(atMs / 240_000)
      const load = 25 + noise(seed + 41, operation) * 45
      const wear = ((atMs - sinceMs) / 86_400_000 / 7) % 1
      return [
        runs ? 2 : activity === 'fault' ? 3 : 1,
        runs ? Math.round(4000 + noise(seed + 42, operation) * 8000 + wobble(seed + 43, n) * 15) : 0,
        runs ? round(Math.max(0, load + wobble(seed + 44, n) * 3), 1) : 0,
        runs ? Math.round(600 + noise(seed + 45, operation) * 2400 + wobble(seed + 46, n) * 12) : 0,
        Math.floor(parts(atMs)),
        round(runs ? 1.1 + wear * 1.6 + Math.abs(wobble(seed + 47, n)) * 0.12 : 0.05 + noise(seed + 48, n) * 0.03, 2),
        round((runs ? 4 + load * 0.14 : 1.9) + Math.abs(wobble(seed + 49, n)) * 0.2, 2),
      ]
    }
  },
}
