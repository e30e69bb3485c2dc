import { isDeepStrictEqual } from 'node:util'
import {
  type ConfigurationProblem,
  type DryRun,
  dryRunRowsMax,
  type TagOverlap,
  type TriedTag,
} from '@kapok/contracts/gateway-talk'
import type { Clock } from '@kapok/kit/clock'
import { parse } from 'yaml'
import { TagTableError } from '../check.ts'
import { quality } from '../driver.ts'
import { type Overlap, overlapsIn } from '../overlaps.ts'
import { meant } from '../reading/meaning.ts'
import { ReadGroup, type TagSample } from '../reading/read-group.ts'
import type { Readers } from '../reading/readers.ts'
import { besideEnglish, saidReason, type Words } from '../sentence.ts'
import type { EdgeDevice, Tag } from '../tag-table.ts'
import { problemsOf, readManagedTable } from './managed-table.ts'

/** The platform waits for 30 s. */
const readingMsMax = 20_000
const devicesAtOnce = 16
const lettersMax = 500

/** What would become of a configuration: what is wrong with it, or what each tag of its changed devices says now. */
export async function dryRun(text: string, readers: Readers, clock: Clock): Promise<DryRun> {
  let devices: EdgeDevice[]
  try {
    ;({ devices } = await readManagedTable(text))
  } catch (error) {
    if (!(error instanceof TagTableError)) throw error
    const problems = problemsOf(error, namesIn(text))
    return { ...nothingRead, problems: problems.slice(0, dryRunRowsMax).map(shortened), problemsTotal: problems.length }
  }
  const changed = devices.filter((device) => !isDeepStrictEqual(device, readers.find(device.name)?.device))
  const deadline = performance.now() + readingMsMax
  const tried: TriedTag[] = []
  const waiting = [...changed]
  const reading = async () => {
    for (let device = waiting.shift(); device !== undefined; device = waiting.shift())
      tried.push(...(await tagsOf(device, readers, clock, deadline)))
  }
  await Promise.all(Array.from({ length: devicesAtOnce }, reading))
  const failed = tried.filter(({ why }) => why !== null)
  const overlaps = overlapsIn(devices)
  return {
    problems: [],
    problemsTotal: 0,
    tags: [...failed, ...tried.filter(({ why }) => why === null)].slice(0, dryRunRowsMax),
    tagsTotal: tried.length,
    tagsFailed: failed.length,
    devicesUnchanged: devices.length - changed.length,
    overlaps: overlaps.slice(0, dryRunRowsMax).map(overlapOf),
    overlapsTotal: overlaps.length,
  }
}

const placed = ({ property, where }: Tag) => ({ property, address: where })
const overlapOf = ({ device, tag, with: other }: Overlap): TagOverlap => ({
  device,
  ...placed(tag),
  with: placed(other),
})

const nothingRead = { tags: [], tagsTotal: 0, tagsFailed: 0, devicesUnchanged: 0 }

const shortened = ({ where, why, zh }: ConfigurationProblem) => ({
  where: where.slice(0, lettersMax),
  why: why.slice(0, lettersMax),
  ...(zh !== undefined && { zh: zh.slice(0, lettersMax) }),
})

const notInTime = { zh: '没有及时读到；设备应答太慢', en: 'it was not read in time; the machine answers slowly' }
const badByMachine = { zh: '设备标明此值不可用', en: 'the machine says so' }

/** Reads each tag once, by the connection that is open to the same machine, since some machines take only one. */
async function tagsOf(device: EdgeDevice, readers: Readers, clock: Clock, deadline: number): Promise<TriedTag[]> {
  const late = (tag: Tag) => triedOf(device, tag, undefined, notInTime)
  const leftMs = deadline - performance.now()
  if (leftMs <= 0) return device.tags.map(late)
  const running = readers.find(device.name)
  const isSame =
    running?.device.protocol === device.protocol && isDeepStrictEqual(running.device.settings, device.settings)
  const own = isSame ? undefined : device.driver.open(device.settings)
  const connection = own ?? running?.connection
  if (connection === undefined) return device.tags.map(late)
  const group = new ReadGroup(device.driver, device.settings, device.tags)
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), leftMs)
  })
  try {
    const round = await Promise.race([group.read(connection, () => clock.now()), tooLate])
    const byTag = new Map(round?.samples.map((each) => [each.tag, each]))
    return device.tags.map((tag) => {
      const sample = byTag.get(tag)
      return sample === undefined ? late(tag) : triedSample(device, sample)
    })
  } finally {
    clearTimeout(timer)
    await own?.close()
  }
}

/** A sample in the tag's own terms. */
export function triedSample(device: EdgeDevice, { tag, sample }: TagSample): TriedTag {
  const said = meant(sample, tag.meaning, { base: 0, last: 0 })
  return triedOf(device, tag, said.value, said.quality === quality.good ? undefined : saidReason(said, badByMachine))
}

function triedOf(
  { name }: EdgeDevice,
  tag: Tag,
  value: TriedTag['value'] | undefined,
  why: Words | undefined,
): TriedTag {
  const shown = typeof value === 'string' ? value.slice(0, 200) : (value ?? null)
  const tried = { device: name, property: tag.property, address: tag.where, value: shown }
  if (why === undefined) return { ...tried, why: null }
  return { ...tried, why: why.en.slice(0, lettersMax), ...besideEnglish(why, lettersMax) }
}

function namesIn(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return undefined
  }
}
