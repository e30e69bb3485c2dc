import type { MachineModel } from '@kapok/contracts/machine-model'
import all from '@kapok/contracts/machine-models.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { fitting, modelName } from './machine-models.ts'

const models = all as unknown as MachineModel[]
const ids = (kind: string, search: string) => fitting(models, kind, search).map(({ id }) => id)

test('a model is found by its kind, its maker in either language, its protocol, or nothing at all', () => {
  expect(ids('', '')).toHaveLength(models.length)
  expect(ids('energy-meter', 'eastron')).toEqual(['energy-meter/eastron-sdm120', 'energy-meter/eastron-sdm630'])
  expect(ids('', '汇川')).toEqual(['drive/inovance-md500'])
  expect(ids('plc', 'MC-3E FX5')).toEqual(['plc/mitsubishi-fx5'])
  expect(ids('robot', 'eastron')).toEqual([])
})

test('each model has a name of its own, which the product takes; the maker is not said twice', () => {
  const names = models.map((model) => modelName(model, true))
  expect(new Set(names).size).toBe(models.length)
  expect(names).toContain('Siemens SINAMICS V20 变频器')
  expect(names).toContain('DL/T 645-1997 多功能电能表')
  for (const name of names) expect(name.length).toBeLessThanOrEqual(120)
})
