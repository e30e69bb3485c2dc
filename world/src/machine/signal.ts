import type { Signal } from './machine.ts'

/** One value as a row of words; a float32 unless it says otherwise. */
export function signal(
  property: string,
  name: string,
  nameEn: string,
  unit: string,
  range: readonly [number, number],
  where: Partial<Signal['where']> & { address: string },
  deadBand = 0,
): Signal {
  const whole = { type: 'float32' as const, scale: 1, ...where }
  const isInt = whole.type !== 'float32' && whole.scale === 1
  return {
    property,
    name,
    nameEn,
    type: isInt ? 'int' : 'float',
    unit,
    min: range[0],
    max: range[1],
    where: whole,
    deadBand,
  }
}

export const state = signal('state', '运行状态', 'State', '', [0, 3], { address: 'holding/0', type: 'uint16' })

export const round = (value: number, digits: number) => Number(value.toFixed(digits))
