import type { NodesetName } from 'node-opcua-nodesets'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sample, TagType } from '../../driver.ts'
import { until } from '../../testing.ts'
import { driver } from './driver.ts'
import { type OpcUaSimulator, startOpcUaSimulator } from './simulator.ts'
import type { Space } from './simulator-nodes.ts'

const packML = 'http://opcfoundation.org/UA/PackML/'
const cnc = 'http://opcfoundation.org/UA/CNC'
let machine: OpcUaSimulator
let setCount: (count: number) => void
beforeAll(async () => {
  machine = await startOpcUaSimulator({ companions: ['packML', 'cnc'] satisfies NodesetName[], build })
})
afterAll(() => machine.stop())

/** Variables of structures that companion specifications define (OPC 30050 §6.7, OPC 40502 §7.3), and enumerations. */
function build(space: Space): void {
  const own = space.getOwnNamespace()
  const folder = own.addObject({ browseName: 'Structures', organizedBy: space.rootFolder.objects })
  const add = (name: string, dataType: string, value: unknown, isArray = false) =>
    own.addVariable({
      nodeId: `s=${name}`,
      browseName: name,
      componentOf: folder,
      dataType,
      valueRank: isArray ? 1 : -1,
      minimumSamplingInterval: 0,
      value: value as never,
    })
  const typeOf = (uri: string, name: string) => space.findDataType(name, space.getNamespaceIndex(uri))!
  const made = (uri: string, name: string, fields: Record<string, unknown>) =>
    space.constructExtensionObject(typeOf(uri, name), fields)
  const count = (Count: number) =>
    made(packML, 'PackMLCountDataType', {
      ID: 7,
      Name: '良品',
      Unit: { displayName: { text: 'pcs' }, unitId: -1 },
      Count,
      AccCount: 100 + Count,
    })
  const countType = typeOf(packML, 'PackMLCountDataType').nodeId.toString()
  const counted = add('Counted', countType, { dataType: 'ExtensionObject', value: count(1) })
  setCount = (n) => counted.setValueFromSource({ dataType: 'ExtensionObject', value: count(n) } as never)
  add('Counts', countType, { dataType: 'ExtensionObject', arrayType: 1, value: [count(1), count(2)] }, true)
  add('Position', typeOf(cnc, 'CncPositionDataType').nodeId.toString(), {
    dataType: 'ExtensionObject',
    value: made(cnc, 'CncPositionDataType', { ActPos: 12.5, CmdPos: 13, RemDist: 0.5 }),
  })
  add('Product', typeOf(packML, 'PackMLProductDataType').nodeId.toString(), {
    dataType: 'ExtensionObject',
    value: made(packML, 'PackMLProductDataType', {
      ProductID: 42,
      ProcessVariables: [{ ID: 1, Name: 'speed', Value: 1.5 }],
      Ingredients: [],
    }),
  })
  add('Mode', typeOf(packML, 'ProductionMaintenanceModeEnum').nodeId.toString(), { dataType: 'Int32', value: 1 })
  add('Odd', typeOf(packML, 'ProductionMaintenanceModeEnum').nodeId.toString(), { dataType: 'Int32', value: 77 })
  own.addMultiStateDiscrete({
    nodeId: 's=Speed',
    browseName: 'Speed',
    componentOf: folder,
    enumStrings: ['slow', 'fast'],
    value: 1,
  })
  own.addTwoStateDiscrete({
    nodeId: 's=Door',
    browseName: 'Door',
    componentOf: folder,
    trueState: 'closed',
    falseState: 'open',
    value: true,
  } as never)
}

const settings = () => driver.settings({ ...machine.settings, timeoutMs: 5_000 }, 'device')
const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings()), type })

async function said(...wanted: [string, TagType][]): Promise<unknown[]> {
  const device = driver.open(settings())
  const samples = await device.read({ tags: wanted.map(([address, type]) => tag(address, type)) })
  await device.close()
  return samples.map(({ value, reason }) => reason ?? value)
}

test('members of structures are read, of arrays of them and of structures within them', async () => {
  expect(
    await said(
      ['ns=1;s=Counted#Count', 'int32'],
      ['ns=1;s=Counted#Name', 'text'],
      ['ns=1;s=Counted#Unit.DisplayName', 'text'],
      ['ns=1;s=Counted#Unit.UnitId', 'int32'],
      ['ns=1;s=Counts[1]#AccCount', 'int32'],
      ['ns=1;s=Position#RemDist', 'float64'],
      ['ns=1;s=Product#ProcessVariables[0].Value', 'float32'],
      ['i=2256#BuildInfo.ProductName', 'text'],
      ['i=2256#State', 'text'],
      ['i=2256#State', 'int32'],
    ),
  ).toEqual([1, '良品', 'pcs', -1, 102, 0.5, 1.5, expect.any(String), 'Running', 0])
})

test('a way that does not lead to a value says what there is instead', async () => {
  expect(
    await said(
      ['ns=1;s=Counted', 'int32'],
      ['ns=1;s=Counted#Cuont', 'int32'],
      ['ns=1;s=Counted#Unit', 'int32'],
      ['ns=1;s=Counted#Count.More', 'int32'],
      ['ns=1;s=Counted#Count[0]', 'int32'],
      ['ns=1;s=Counts#Count', 'int32'],
      ['ns=1;s=Counts[2]#Count', 'int32'],
      ['ns=1;s=Product#ProcessVariables', 'int32'],
      ['ns=1;s=Product#ProcessVariables[4].Value', 'int32'],
      ['ns=1;s=Counted#Name', 'int32'],
      ['ns=1;s=Mode#Name', 'int32'],
    ),
  ).toEqual([
    'the node holds the structure PackMLCountDataType: add #ID or #Name or #Unit or #Count or #AccCount',
    'the structure PackMLCountDataType has no member Cuont: it has ID, Name, Unit, Count, AccCount',
    'Unit is the structure EUInformation: add .NamespaceUri or .UnitId or .DisplayName or .Description',
    'Count is no structure',
    'Count is no array',
    'the node holds an array of 2: add [0] to [1]',
    'the array has 2 elements',
    'ProcessVariables is an array of 1: add [0] to [0]',
    'ProcessVariables has 1 elements',
    'the node is a String, which does not fit int32',
    'the node is a Int32, which has no member Name',
  ])
})

test('a text of an enumeration is its word, and a number its number', async () => {
  expect(
    await said(
      ['ns=1;s=Mode', 'text'],
      ['ns=1;s=Mode', 'int32'],
      ['ns=1;s=Speed', 'text'],
      ['ns=1;s=Speed', 'uint32'],
      ['ns=1;s=Door', 'text'],
      ['ns=1;s=Odd', 'text'],
      ['i=2259', 'text'],
    ),
  ).toEqual(['Produce', 1, 'fast', 1, 'closed', 'the server has no word for 77', 'Running'])
})

test('a subscribed structure brings its members in the order of its changes', async () => {
  const device = driver.open(driver.settings({ ...machine.settings, samplingIntervalMs: 0, queueSize: 100 }, 'device'))
  const seen: Sample[] = []
  const words: Sample[] = []
  await device.subscribe!([tag('ns=1;s=Counted#Count', 'int32'), tag('ns=1;s=Mode', 'text')], {
    periodMs: 50,
    deliver: (of, sample) => (of.type === 'text' ? words : seen).push(sample),
    state: () => {},
  })
  for (let n = 2; n <= 40; n++) {
    setCount(n)
    await new Promise((go) => setTimeout(go, 10))
  }
  await until('the last count', () => seen.at(-1)?.value === 40)
  expect(seen.map(({ value }) => value)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
  expect(words.map(({ value }) => value)).toEqual(['Produce'])
  await device.close()
})

test('a member cannot be written, and says so', async () => {
  const device = driver.open(settings())
  await expect(device.write!(tag('ns=1;s=Counted#Count', 'int32'), 5)).rejects.toThrow(
    'ns=1;s=Counted#Count: a member of a structure is read, not written',
  )
  await device.close()
})
