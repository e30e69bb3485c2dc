import type { Signal } from './machine.ts'

/** A holding register pair (float32) or single register, given as a row of words. */
export function signal(
  property: string,
  name: string,
  nameEn: string,
  unit: string,
  range: readonly [number, number],
  register: Partial<Signal['register']> & { address: number },
  deadBand = 0,
): Signal {
  const whole = { area: 'holding', type: 'float32', order: 'ABCD', scale: 1, ...register } as Signal['register']
  const isInt = whole.type !== 'float32' && whole.scale === 1
  return {
    property,
    name,
    nameEn,
    type: isInt ? 'int' : 'float',
    unit,
    min: range[0],
    max: range[1],
    register: whole,
    deadBand,
  }
}

export const state = signal('state', '运行状态', 'State', '', [0, 3], { address: 0, type: 'uint16' })

export const round = (value: number, digits: number) => Number(value.toFixed(digits))
