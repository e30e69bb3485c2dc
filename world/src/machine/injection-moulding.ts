import type { MachineKind } from './machine.ts'
import { noise, wobble } from './noise.ts'
import { activityAt, makeCounter } from './shift.ts'
import { round, signal, state } from './signal.ts'

/** 注塑机: cycles of half a minute, barrel heated all shift, clamp force in each cycle; the screw wears over weeks. */
export const injectionMoulding: MachineKind = {
  code: 'injection-moulding',
  name: '注塑机',
  nameEn: 'Injection moulding machine',
  protocol: 'modbus',
  signals: [
    state,
    signal('cycleTime', '成型周期', 'Cycle time', 's', [0, 200], { address: 'holding/2#CDAB' }, 0.05),
    signal('shotCount', '模次', 'Shots', '', [0, 1e9], { address: 'holding/4#CDAB', type: 'uint32' }),
    signal(
      'barrelTemperature',
      '料筒温度',
      'Barrel temperature',
      '℃',
      [0, 400],
      { address: 'holding/6', type: 'int16', scale: 0.1 },
      0.2,
    ),
    signal(
      'mouldTemperature',
      '模具温度',
      'Mould temperature',
      '℃',
      [0, 200],
      { address: 'holding/7', type: 'int16', scale: 0.1 },
      0.2,
    ),
    signal('clampForce', '锁模力', 'Clamp force', 'kN', [0, 5000], { address: 'holding/8', type: 'uint16' }, 2),
    signal(
      'power',
      '有功功率',
      'Active power',
      'kW',
      [0, 200],
      { address: 'holding/9', type: 'uint16', scale: 0.01 },
      0.05,
    ),
  ],
  make(plan, seed, sinceMs) {
    const shots = makeCounter(2.1, plan, seed, sinceMs)
    return (atMs) => {
      const activity = activityAt(plan, seed, atMs)
      if (activity === 'off') return undefined
      const n = Math.floor(atMs / 1000)
      const runs = activity === 'run'
      const wear = Math.min(2, (atMs - sinceMs) / (90 * 86_400_000))
      const cycle = 28.5 + wear * 0.8 + wobble(seed + 31, n) * 0.25
      return [
        runs ? 2 : activity === 'fault' ? 3 : 1,
        runs ? round(cycle, 2) : 0,
        Math.floor(shots(atMs)),
        round(215 + wobble(seed + 32, n) * 0.8 - (runs ? 0 : 4), 1),
        round((runs ? 58 : 49) + wobble(seed + 33, n) * 0.5, 1),
        runs ? Math.round(1180 + wobble(seed + 34, n) * 14) : 0,
        round((runs ? 31 + noise(seed + 35, n) * 9 : 6.2) + wobble(seed + 36, n) * 0.3, 2),
      ]
    }
  },
}
