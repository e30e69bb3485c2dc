import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TagValue } from '../driver.ts'
import { type OpcUaSimulator, startOpcUaSimulator } from '../drivers/opcua/simulator.ts'
import type { Space } from '../drivers/opcua/simulator-nodes.ts'
import { meant } from '../reading/meaning.ts'
import { ReadGroup } from '../reading/read-group.ts'
import { makeTable } from '../table-command.ts'
import { type EdgeDevice, readTagTable } from '../tag-table.ts'

// Node-sets as the OPC Foundation publishes them, with machines as a maker adds them: in a namespace of his own, under
// names of his own, with some of what is optional.
let machine: OpcUaSimulator
beforeAll(async () => {
  machine = await startOpcUaSimulator({ companions: ['machineTool', 'machinery', 'cnc', 'packML'], build })
}, 60_000)
afterAll(() => machine.stop())

type Node = ReturnType<ReturnType<Space['getOwnNamespace']>['addObject']>

function build(space: Space): void {
  const own = space.getOwnNamespace()
  const typeOf = (uri: string, name: string) =>
    space.findObjectType(name, space.getNamespaceIndex(`http://opcfoundation.org/UA/${uri}`))!
  const machines = space.getNamespace('http://opcfoundation.org/UA/Machinery/').findNode('i=1001') as unknown as Node
  for (const [n, name] of ['Mill 1', 'Mill 2'].entries()) {
    const tool = typeOf('MachineTool/', 'MachineToolType').instantiate({
      browseName: name,
      organizedBy: machines,
      optionals: [
        'Monitoring.MachineTool.PowerOnDuration',
        'MachineryBuildingBlocks',
        'Identification.SoftwareRevision',
      ],
    }) as unknown as Node
    set(tool, 'Monitoring/MachineTool/OperationMode', 'Int32', 1 + n)
    set(tool, 'Monitoring/MachineTool/PowerOnDuration', 'UInt32', 100 + n)
    set(tool, 'Production/ActiveProgram/Name', 'String', `O${n}`)
    const monitoring = childOf(tool, 'Monitoring')
    for (const [s, spindle] of ['S10', 'S2'].entries()) {
      const made = typeOf('MachineTool/', 'SpindleMonitoringType').instantiate({
        browseName: spindle,
        componentOf: monitoring,
        optionals: ['Override'],
      }) as unknown as Node
      set(made, 'IsRotating', 'Boolean', s === 1)
      set(made, 'Override', 'Double', 100 + n + s)
    }
    const state = typeOf('Machinery/', 'MachineryItemState_StateMachineType').instantiate({
      browseName: 'MachineryItemState',
      componentOf: childOf(tool, 'MachineryBuildingBlocks'),
    }) as unknown as Node
    set(state, 'CurrentState', 'LocalizedText', { text: n === 0 ? 'Executing' : 'NotExecuting' })
  }
  const line = typeOf('PackML/', 'PackMLBaseObjectType').instantiate({
    browseName: 'Line',
    organizedBy: space.rootFolder.objects,
    optionals: ['Admin.ProdProcessedCount'],
  }) as unknown as Node
  set(line, 'Status/UnitModeCurrent', 'Int32', 3)
  set(line, 'Status/CurMachSpeed', 'Float', 110)
  const count = space.findDataType(
    'PackMLCountDataType',
    space.getNamespaceIndex('http://opcfoundation.org/UA/PackML/'),
  )!
  variableAt(line, 'Admin/ProdProcessedCount').setValueFromSource({
    dataType: 'ExtensionObject',
    arrayType: 1,
    value: [space.constructExtensionObject(count, { AccCount: 4711 })],
  } as never)
  const channels = typeOf('CNC', 'CncInterfaceType').instantiate({
    browseName: 'NC',
    organizedBy: space.rootFolder.objects,
  }) as unknown as Node
  const channel = typeOf('CNC', 'CncChannelType').instantiate({
    browseName: 'C1',
    componentOf: childOf(channels, 'CncChannelList'),
  }) as unknown as Node
  set(channel, 'ActStatus', 'Int32', 1)
  set(channel, 'ActFeedrate', 'Double', 1500)
  const unit = variableAt(channel, 'ActFeedrate/EngineeringUnits')
  unit.setValueFromSource({
    dataType: 'ExtensionObject',
    value: space.constructExtensionObject(unit.dataType, { displayName: { text: 'mm/s' } }),
  } as never)
  own.addVariable({
    nodeId: 's=Extra',
    browseName: 'Extra',
    organizedBy: space.rootFolder.objects,
    dataType: 'Double',
    value: { dataType: 'Double', value: 5 },
  } as never)
}

const childOf = (node: Node, name: string): Node =>
  node
    .findReferencesExAsObject('HierarchicalReferences')
    .find((each) => each.browseName.name === name) as unknown as Node
const variableAt = (node: Node, path: string) =>
  path.split('/').reduce(childOf, node) as unknown as { dataType: never; setValueFromSource(value: never): void }
const set = (node: Node, path: string, dataType: string, value: unknown) =>
  variableAt(node, path).setValueFromSource({ dataType, value } as never)

async function tableOf(words: string[]) {
  const notes: string[] = []
  let yaml = ''
  const code = await makeTable(
    words,
    { host: '127.0.0.1', name: 'shop floor' },
    { table: (text) => (yaml += text), note: (sentence) => notes.push(sentence) },
  )
  return { code, yaml, notes }
}

async function readingOf(device: EdgeDevice): Promise<Record<string, TagValue | string>> {
  const opened = device.driver.open(device.settings)
  const { samples } = await new ReadGroup(device.driver, device.settings, device.tags).read(opened, Date.now)
  await opened.close()
  return Object.fromEntries(
    samples.map(({ tag, sample }) => {
      const { value, reason } = meant(sample, tag.meaning, { base: 0, last: 0 })
      return [tag.property, reason ?? value!]
    }),
  )
}

test('machines of companion specifications are proposed as tables with the properties of our models, and read by them', async () => {
  const { code, yaml, notes } = await tableOf(['browse', String(machine.settings.endpoint)])
  expect(code).toBe(0)
  const { devices } = await readTagTable(yaml)
  expect(devices.map(({ name }) => name).sort()).toEqual(['Line', 'Mill 1', 'Mill 2', 'NC', 'shop floor'])
  const of = (name: string) => readingOf(devices.find((each) => each.name === name)!)
  // Two models in one device: what Machinery says of a machine tool stands behind what the machine tool says itself.
  expect(await of('Mill 1')).toMatchObject({
    operationMode: 'automatic',
    powerOnTime: 100,
    activeProgram: 'O0',
    spindleRotating: true,
    spindleOverride: 101,
    itemState: 'Executing',
  })
  expect(await of('Mill 2')).toMatchObject({ operationMode: 'setup', spindleOverride: 102, itemState: 'NotExecuting' })
  expect(await of('Line')).toMatchObject({ unitMode: 'manual', speed: 110, processedCount: 4711 })
  expect(await of('NC')).toMatchObject({ channelState: 'interrupted', feedRate: 1500 })
  expect(notes).toContain(
    '“Mill 1” is OPC Foundation / VDW, OPC 40501 machine tool (umati) (cnc/opc-40501-machine-tool).',
  )
  expect(notes).toContain('“NC”, feedRate: the machine counts in mm/s, the model in mm/min; give it a scale.')
  expect(notes.find((note) => note.startsWith('“Line” has none of'))).toContain('defectiveCount')
  // What no model knows is listed as before, and what one knows is not there twice.
  const others = await of('shop floor')
  expect(others).toMatchObject({ Extra: 5 })
  expect(Object.keys(others).filter((property) => /\/OperationMode$|AccCount/.test(property))).toEqual([])
}, 60_000)

test('a table of the library is read as it is where one machine of the kind is there, and asks which where there are two', async () => {
  const read = async (model: string, from = '', to = '') => {
    const { yaml } = await tableOf([model])
    const { devices } = await readTagTable(
      yaml.replace(/opc\.tcp:[^"]*/, String(machine.settings.endpoint)).replaceAll(from, to),
    )
    return readingOf(devices[0]!)
  }
  expect(await read('opc-30050-packml')).toMatchObject({ unitMode: 'manual', speed: 110, processedCount: 4711 })
  expect(await read('opc-40501-machine-tool')).toMatchObject({
    operationMode: 'the server has 2 of MachineToolType (Mill 1, Mill 2): write which, as MachineToolType[Mill 1]',
  })
  expect(await read('opc-40501-machine-tool', 'MachineToolType/', 'MachineToolType[Mill 2]/')).toMatchObject({
    operationMode: 'setup',
    warmUp: 'MachineTool has no IsWarmUp',
    spindleOverride: 102,
    channelState: 'Monitoring has 0 of <ChannelMonitoringType>, counted from [0]',
  })
  expect(await read('opc-40501-machine-tool', 'MachineToolType/', 'MachineToolType[Mill 3]/')).toMatchObject({
    operationMode: 'the server has no MachineToolType of that name: it has Mill 1, Mill 2',
  })
}, 60_000)
