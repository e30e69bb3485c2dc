import type { DeviceConnection, FoundMachine, Request } from '../driver.ts'
import { type LibraryModel, loadModel, modelIds } from '../models/model.ts'
import type { WrittenTag } from './written-table.ts'

/** A machine that says itself what it is, with its tags as the library's model of it has them. */
export interface RecognisedMachine {
  name: string
  tags: WrittenTag[]
  /** What browsing gives for the same. */
  plain: string[]
  /** The models of the library, and what a person should know of this machine beside them. */
  notes: string[]
}

/**
 * Machines on a device whose kind a model of the library describes by types (companion specifications of OPC UA). Where
 * several models fit one machine, the one with the most tags comes first, and the others add what it has not. Rejects with
 * DeviceError.
 */
export async function recogniseMachines(
  device: DeviceConnection<unknown, Request<unknown>>,
  protocol: string,
): Promise<RecognisedMachine[]> {
  if (device.machines === undefined) return []
  const fitting: { model: LibraryModel; machine: FoundMachine }[] = []
  for (const id of modelIds()) {
    const model = await loadModel(id)
    if (model.protocol !== protocol) continue
    for (const machine of await device.machines(model.tags.map(({ address }) => address)))
      if (machine.tags.length > 0) fitting.push({ model, machine })
  }
  fitting.sort((a, b) => b.machine.tags.length - a.machine.tags.length)
  return [...Map.groupBy(fitting, ({ machine }) => machine.root).values()].map(machineOf)
}

function machineOf(fitting: readonly { model: LibraryModel; machine: FoundMachine }[]): RecognisedMachine {
  const name = fitting[0]?.machine.name ?? ''
  const tags = new Map<string, WrittenTag>()
  const plain: string[] = []
  const notes: string[] = []
  for (const { model, machine } of fitting) {
    const found = new Map(machine.tags.map((tag) => [tag.asked, tag]))
    const missing: string[] = []
    notes.push(`“${name}” is ${model.maker}, ${model.en} (${model.id}).`)
    for (const { property, address: asked, type, scale, offset, values, unit } of model.tags) {
      const tag = found.get(asked)
      if (tag === undefined) {
        missing.push(property)
        continue
      }
      plain.push(tag.plain)
      if (tags.has(property)) continue
      tags.set(property, { property, address: tag.address, type, scale, offset, values })
      if (tag.unit !== undefined && unit !== undefined && tag.unit !== unit)
        notes.push(`“${name}”, ${property}: the machine counts in ${tag.unit}, the model in ${unit}; give it a scale.`)
    }
    if (missing.length > 0) notes.push(`“${name}” has none of the model’s ${missing.join(', ')}.`)
  }
  return { name, tags: [...tags.values()], plain, notes }
}
