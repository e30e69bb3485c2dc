import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { property } from '@kapok/contracts/data'
import { deviceTableOf, machineKinds, propertiesOf } from '@kapok/contracts/machine-model'
import { Value } from 'typebox/value'
import { afterEach, describe, expect, test } from 'vitest'
import { quality, type TagValue } from '../driver.ts'
import { meant } from '../reading/meaning.ts'
import { ReadGroup } from '../reading/read-group.ts'
import { readTagTable } from '../tag-table.ts'
import { loadModel, modelFolder, modelIds, readModel } from './model.ts'
import { type PlayedModel, playModel } from './play-model.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** The machine read as a gateway reads it: by the tag table that the library gives, grouped, planned, scaled. */
async function readingOf(table: string, { connection }: PlayedModel): Promise<Map<string, TagValue | string>> {
  const yaml = `devices:\n${table.replace(/^ {4}connection: .*$/m, () => `    connection: ${JSON.stringify(connection)}`)}`
  const { devices } = await readTagTable(yaml)
  const [device] = devices
  const opened = device!.driver.open(device!.settings)
  try {
    const { samples } = await new ReadGroup(device!.driver, device!.settings, device!.tags).read(opened, Date.now)
    return new Map(
      samples.map(({ tag, sample }) => {
        const { value, quality: q, reason } = meant(sample, tag.meaning, { base: 0, last: 0 })
        return [tag.property, q === quality.good ? value! : `not good: ${reason}`]
      }),
    )
  } finally {
    await opened.close()
  }
}

test('the library has forty models and more, of every kind, and as many with a published table as it says', async () => {
  const models = await Promise.all(modelIds().map((id) => loadModel(id)))
  expect(models.length).toBeGreaterThanOrEqual(40)
  expect(new Set(models.map(({ kind }) => kind))).toEqual(new Set(machineKinds))
  for (const { addresses, source = [] } of models) expect(source.length > 0).toBe(addresses === 'published')
})

describe.each(modelIds())('%s', (id) => {
  test('can be read, makes a product, is played, and every tag of it is read good', async () => {
    const model = await loadModel(id)
    for (const each of propertiesOf(model)) expect([...Value.Errors(property, each)]).toEqual([])
    const table = deviceTableOf(model, { name: 'a machine', host: '192.0.2.1' })
    const played = await playModel(model)
    try {
      const values = await readingOf(table, played)
      expect([...values.keys()].sort()).toEqual(model.tags.map((tag) => tag.property).sort())
      for (const { property: name, simulate, values: words } of model.tags) {
        const value = values.get(name)
        expect(String(value), name).not.toMatch(/^not good/)
        if (words !== undefined) expect(Object.values(words), name).toContain(value)
        else if (simulate.walk !== undefined) {
          expect(Number(value), name).toBeGreaterThanOrEqual(simulate.walk[0] - 0.5)
          expect(Number(value), name).toBeLessThanOrEqual(simulate.walk[1] + 0.5)
        } else if (simulate.constant !== undefined) expect(value, name).toEqual(simulate.constant)
      }
    } finally {
      await played.stop()
    }
  }, 30_000)
})

test('a machine is added by one file, and is read without a change of the engine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-models-'))
  folders.push(folder)
  mkdirSync(join(folder, 'furnace'))
  writeFileSync(
    join(folder, 'furnace/of-this-test.yaml'),
    `maker: Test
zh: 试验炉
en: Furnace of this test
addresses: template
note: { zh: 补充地址, en: complete the addresses }
protocol: modbus
connection: { host: '{host}' }
tags:
  - { property: temperature, zh: 温度, en: Temperature, address: holding/7, type: int16, unit: °C, scale: 0.1, simulate: { constant: 851.5 } }
  - { property: state, zh: 状态, en: State, address: holding/8, type: uint16, values: { '1': heating, '2': holding }, simulate: { constant: 2 } }
`,
  )
  expect(modelIds(folder)).toEqual(['furnace/of-this-test'])
  const model = await loadModel('of-this-test', folder)
  const played = await playModel(model)
  const values = await readingOf(deviceTableOf(model, { name: 'furnace 1', host: 'x' }), played)
  await played.stop()
  expect(Object.fromEntries(values)).toEqual({ temperature: 851.5, state: 'holding' })
})

test('what is wrong with a model is told at once, each where it stands', async () => {
  const good = readFileSync(join(modelFolder, 'energy-meter/eastron-sdm120.yaml'), 'utf8')
  const wrong = good
    .replace('address: input/6,', 'address: input/0,')
    .replace('property: activePower', 'property: voltage')
    .replace('address: input/18', 'address: output/18')
    .replace(/source:\n( {2}- .*\n)+/, '')
  await expect(readModel(wrong, 'energy-meter/x')).rejects.toThrow(
    [
      'energy-meter/x.source: the public document is expected',
      'energy-meter/x.tags[2].property: “voltage” is there twice',
      'energy-meter/x.tags[1].address: “input/0” is there twice',
      'energy-meter/x.tags[3].address: “output/18”, position 1: coil/, discrete/, holding/, input/ or a reference such as 40001 is expected',
    ].join('\n'),
  )
  const readWith = (from: string, to: string, id = 'energy-meter/x') => readModel(good.replace(from, to), id)
  await expect(readWith('walk: [218, 242]', 'walk: [242, 218]')).rejects.toThrow(
    'energy-meter/x.tags[0].simulate.walk: two numbers are expected, the lower first',
  )
  await expect(readWith('simulate: { walk: [218, 242] }', 'simulate: {}')).rejects.toThrow(
    'exactly one of walk, counter',
  )
  await expect(readWith('unit: 1', 'unti: 1')).rejects.toThrow('energy-meter/x.connection.unti: unknown key')
  await expect(readWith('maker', 'maker', 'pumps/x')).rejects.toThrow('pumps/x, its folder: one of injection-moulding')
  await expect(loadModel('template-s7')).rejects.toThrow('“template-s7” is the name of several models: chiller/')
  await expect(loadModel('sdm')).rejects.toThrow(
    'There is no machine model “sdm”; there are energy-meter/eastron-sdm120',
  )
})
