import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MachineKind, type MachineModel, type ModelTag, machineKinds } from '@kapok/contracts/machine-model'
import { parseDocument } from 'yaml'
import { AddressError } from '../address.ts'
import {
  type Check,
  fail,
  finite,
  integer,
  listOf,
  mapOf,
  oneOf,
  optional,
  shape,
  TagTableError,
  text,
} from '../check.ts'
import { type TagType, tagTypes } from '../driver.ts'
import { driverOf, protocols } from '../drivers.ts'
import { type SimulateProfile, simulateProfile } from './simulate-profile.ts'

/** A model as its file has it: what the platform sees, and how it is played. */
export interface LibraryModel extends MachineModel {
  /** `clause`: where a specification has the tag. */
  tags: (ModelTag & { type: TagType; clause?: string; simulate: SimulateProfile })[]
}

/** The files of the library. */
export const modelFolder = join(import.meta.dirname, '../../models')

interface WrittenModel extends Omit<LibraryModel, 'id' | 'kind'> {
  id?: never
  kind?: never
}
type Tag = LibraryModel['tags'][number]

const identifier: Check<string> = (value, path) =>
  /^[A-Za-z_]\w{0,63}$/.test(text(value, path))
    ? (value as string)
    : fail(path, 'a property of letters, digits and _ is expected, which does not begin with a digit')
const address: Check<string> = (value, path) =>
  /^https?:\/\//.test(text(value, path)) && URL.canParse(value as string)
    ? (value as string)
    : fail(path, 'an address that begins with http:// or https:// is expected')
const setting: Check<string | number | boolean> = (value, path) =>
  ['string', 'number', 'boolean'].includes(typeof value)
    ? (value as string | number | boolean)
    : fail(path, 'a text, a number, true or false is expected')
const unit: Check<string> = (value, path) =>
  text(value, path).length <= 20 ? (value as string) : fail(path, 'a unit of at most 20 characters is expected')

const tag = shape<Tag>({
  property: identifier,
  zh: text,
  en: text,
  address: text,
  type: oneOf(tagTypes),
  unit: optional(unit),
  scale: optional(finite),
  offset: optional(finite),
  values: optional(mapOf(text, 1_000)),
  clause: optional(text),
  simulate: simulateProfile,
})

const written = shape<Omit<WrittenModel, 'id' | 'kind'>>({
  maker: text,
  zh: text,
  en: text,
  addresses: oneOf(['published', 'template'] as const),
  source: optional(listOf(shape({ document: text, url: optional(address) }), 10)),
  note: optional(shape({ zh: text, en: text })),
  protocol: oneOf(protocols),
  connection: mapOf(setting, 30),
  periodMs: optional(integer(10, 86_400_000)),
  tags: listOf(tag, 500),
})

/**
 * Reads the file of a model; `id` is its folder and name. Throws TagTableError with every fault of the file and its path:
 * each address is read by the driver, a published table names its source, a template says what is to be done.
 */
export async function readModel(yaml: string, id: string): Promise<LibraryModel> {
  const document = parseDocument(yaml, { uniqueKeys: true })
  const [problem] = document.errors
  if (problem !== undefined) throw new TagTableError(`${id}: ${problem.message}`)
  const [folder = ''] = id.split('/')
  const kind = oneOf(machineKinds)(folder, `${id}, its folder`) as MachineKind
  const model: LibraryModel = { id, kind, ...written(document.toJS({ maxAliasCount: 0 }), id) }
  const problems = [...faultsOfWords(model), ...(await faultsOfAddresses(model))]
  if (problems.length > 0) throw new TagTableError(problems.join('\n'), problems)
  return model
}

function faultsOfWords({ id, addresses, source, note, tags }: LibraryModel): string[] {
  const faults: string[] = []
  if (addresses === 'published' && source === undefined) faults.push(`${id}.source: the public document is expected`)
  if (addresses === 'template' && note === undefined)
    faults.push(`${id}.note: what the integrator has to complete is expected`)
  for (const key of ['property', 'address'] as const) {
    const seen = new Set<string>()
    for (const [t, each] of tags.entries()) {
      if (seen.has(each[key])) faults.push(`${id}.tags[${t}].${key}: “${each[key]}” is there twice`)
      seen.add(each[key])
    }
  }
  return faults
}

async function faultsOfAddresses({ id, protocol, connection, tags }: LibraryModel): Promise<string[]> {
  const driver = await driverOf(protocol)
  if (driver === undefined) return [`${id}.protocol: unknown`]
  const faults: string[] = []
  const attempt = (path: string, work: () => unknown) => {
    try {
      return work()
    } catch (error) {
      if (error instanceof AddressError) faults.push(`${path}: ${error.message}`)
      else if (error instanceof TagTableError) faults.push(error.message)
      else throw error
    }
  }
  const settings = attempt(id, () => driver.settings(connectionTo(connection, '192.0.2.1'), `${id}.connection`))
  if (settings === undefined) return faults
  for (const [t, { address: where, type }] of tags.entries())
    attempt(`${id}.tags[${t}].address`, () => driver.parseAddress(where, type, settings))
  return faults
}

/** The settings of a connection to a machine at a host. */
function connectionTo(connection: MachineModel['connection'], host: string): MachineModel['connection'] {
  const at = (value: string | number | boolean) => (typeof value === 'string' ? value.replace('{host}', host) : value)
  return Object.fromEntries(Object.entries(connection).map(([key, value]) => [key, at(value)]))
}

/** The ids of all models of a library, in order. */
export function modelIds(folder = modelFolder): string[] {
  return globSync('*/*.yaml', { cwd: folder })
    .map((file) => file.replaceAll('\\', '/').replace(/\.yaml$/, ''))
    .sort()
}

/** One model of a library. Throws TagTableError, also for a name that it does not have. */
export async function loadModel(id: string, folder = modelFolder): Promise<LibraryModel> {
  const ids = modelIds(folder)
  const found = ids.filter((each) => each === id || each.split('/')[1] === id)
  const [only] = found
  if (only === undefined) {
    const near = ids.filter((each) => each.includes(id.split('/').at(-1) ?? id) || each.startsWith(`${id}/`))
    throw new TagTableError(
      `There is no machine model “${id}”${near.length > 0 ? `; there are ${near.slice(0, 8).join(', ')}` : ''}.`,
    )
  }
  if (found.length > 1) throw new TagTableError(`“${id}” is the name of several models: ${found.join(', ')}.`)
  return readModel(readFileSync(join(folder, `${only}.yaml`), 'utf8'), only)
}
