import type { GatewayDay } from '@kapok/contracts/ports'
import { civilDayOf, civilOffsetMs, dayMs, startOfCivilDay } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'

/** A correction looks back over this many days of silence at most. */
const daysBetweenMax = 400

interface Key {
  id: string
  gatewayId: string
  publicKey: Buffer
  firstSequence: bigint
  enrolledAt: Date
}

/** Every key that a gateway of an organisation ever enrolled, replaced ones included: their batches still count. */
function keysOf(kit: Kit, orgId: string): Promise<Key[]> {
  return kit.db.tx({ job: 'data' }, (tx) =>
    tx.rows<Key>(
      `SELECT id, device_id AS "gatewayId", public_key AS "publicKey", first_sequence AS "firstSequence",
         enrolled_at AS "enrolledAt"
       FROM data.gateway_key WHERE org_id = $1 ORDER BY public_key`,
      [orgId],
    ),
  )
}

/**
 * What the enrolled gateways of an organisation say of a day by the sequence of their batches, in the order of their keys.
 * A key of which nothing is known that day is left out. The same batches give equal rows, in whatever order they came.
 */
export async function gatewayDay(kit: Kit, orgId: string, day: string): Promise<GatewayDay[]> {
  const from = startOfCivilDay(day)
  const days = await Promise.all((await keysOf(kit, orgId)).map((key) => dayOfKey(kit, key, from)))
  return days.filter((each) => each.batches > 0 || each.missing > 0)
}

async function dayOfKey(kit: Kit, key: Key, from: number): Promise<GatewayDay> {
  const ask = { key: key.id, from, to: from + dayMs, before: from - dayMs }
  const [row] = await query<Partial<DayRow>>(kit, dayQuery, ask)
  const number = (column: keyof DayRow) => Number(row?.[column] ?? 0)
  const batches = number('batches')
  return {
    gatewayId: key.gatewayId,
    key: key.publicKey.toString('base64url'),
    batches,
    missing: await (batches > 0
      ? missingAround(kit, key, { ...numbersOf(row), following: number('following'), batches })
      : missingAcross(kit, key, from, from + dayMs)),
    gapMinutes: number('gap_minutes'),
    lostPoints: number('lost'),
    doubled: number('doubled'),
  }
}

type Stretch = Record<'low' | 'high' | 'previous' | 'newest', number>
type DayStretch = Stretch & Record<'following' | 'batches', number>
type DayRow = Record<keyof DayStretch | 'gap_minutes' | 'lost' | 'doubled', string>

const numbersOf = (row: Partial<Record<keyof Stretch, string>> | undefined): Stretch => ({
  low: Number(row?.low ?? 0),
  high: Number(row?.high ?? 0),
  previous: Number(row?.previous ?? 0),
  newest: Number(row?.newest ?? 0),
})

/** Numbers that did not arrive, from the last before the day's first batch to the first after its last one. */
async function missingAround(kit: Kit, key: Key, day: DayStretch): Promise<number> {
  const first = Number(key.firstSequence)
  const span = day.high - day.low + 1
  // Where the clock was set, batches of other days may stand between.
  const within = day.batches === span ? span : await numbersWithin(kit, key, day)
  const goesOn =
    (day.previous === day.low - 1 || day.low <= first) && (day.newest === day.high || day.following === day.high + 1)
  if (goesOn) return span - within
  const { previous, next } = await neighbours(kit, key.id, day)
  const before = day.low - (previous?.sequence ?? first - 1) - 1
  const after = next === undefined ? 0 : next.sequence - day.high - 1
  return Math.max(0, before) + span - within + after
}

async function numbersWithin(kit: Kit, key: Key, { low, high }: { low: number; high: number }): Promise<number> {
  const text = `SELECT uniqExact(sequence) AS n ${ofKey} AND sequence BETWEEN {low:UInt64} AND {high:UInt64}`
  const [row] = await query<{ n: string }>(kit, text, { key: key.id, low, high })
  return Number(row?.n ?? 0)
}

/** For a day of which nothing arrived: the hole that goes across it, if what follows has arrived. */
async function missingAcross(kit: Kit, key: Key, from: number, to: number): Promise<number> {
  const [last] = await query<{ sequence: string }>(
    kit,
    `SELECT sequence ${ofKey} AND last_at < ${instant('from')} ORDER BY sequence DESC LIMIT 1`,
    { key: key.id, from },
  )
  if (last === undefined && key.enrolledAt.getTime() >= to) return 0
  const previous = Number(last?.sequence ?? Number(key.firstSequence) - 1)
  const { next } = await neighbours(kit, key.id, { low: previous, high: previous })
  return next === undefined || next.firstAt < to ? 0 : next.sequence - previous - 1
}

interface Neighbour {
  sequence: number
  firstAt: number
  lastAt: number
}

/** The batches next to a stretch of the sequence; each is found by its key alone. */
async function neighbours(
  kit: Kit,
  key: string,
  { low, high }: { low: number; high: number },
): Promise<{ previous: Neighbour | undefined; next: Neighbour | undefined }> {
  const nearest = (where: string) =>
    `(SELECT sequence, ${millis('first_at')} AS first, ${millis('last_at')} AS last ${ofKey} AND ${where} LIMIT 1)`
  const rows = await query<Record<'sequence' | 'first' | 'last', string>>(
    kit,
    `${nearest('sequence < {low:UInt64} ORDER BY sequence DESC')} UNION ALL ${nearest('sequence > {high:UInt64} ORDER BY sequence')}`,
    { key, low, high },
  )
  const found = rows.map(({ sequence, first, last }) => ({
    sequence: Number(sequence),
    firstAt: Number(first),
    lastAt: Number(last),
  }))
  return {
    previous: found.find(({ sequence }) => sequence < low),
    next: found.find(({ sequence }) => sequence > high),
  }
}

/**
 * Days of which batches were received in [from, to), and those up to their neighbours in the sequence: a hole that opened
 * or was filled there changes them too. Rather a day too many than one too few: an equal day makes no correction.
 */
export async function daysTouchedByGateways(kit: Kit, orgId: string, from: number, to: number): Promise<string[]> {
  const numbers = new Set<number>()
  const addRange = (first: number, last: number) => {
    for (let n = first; n <= Math.min(last, first + daysBetweenMax); n++) numbers.add(n)
  }
  for (const { id: key } of await keysOf(kit, orgId)) {
    const [row] = await query<FreshRow>(kit, freshQuery, { key, from, to, before: from - dayMs })
    const fresh = numbersOf(row)
    const n = Number(row?.n ?? 0)
    if (row === undefined || n === 0) continue
    for (const number of row.days) numbers.add(number)
    // What only goes on changes no day but its own.
    const isWhole = n === fresh.high - fresh.low + 1
    if (isWhole && fresh.previous === fresh.low - 1 && fresh.newest === fresh.high) continue
    const { previous, next } = await neighbours(kit, key, fresh)
    const [begins, ends] = [Number(row.begins), Number(row.ends)]
    addRange(numberOfDay(Math.min(previous?.lastAt ?? begins, begins)), numberOfDay(begins))
    addRange(numberOfDay(ends), numberOfDay(Math.max(next?.firstAt ?? ends, ends)))
    if (!isWhole) addRange(numberOfDay(begins), numberOfDay(ends))
  }
  return [...numbers].map((n) => civilDayOf(n * dayMs - civilOffsetMs)).sort()
}

type FreshRow = Record<keyof Stretch | 'n' | 'begins' | 'ends', string> & { days: number[] }

const numberOfDay = (ms: number) => Math.floor((ms + civilOffsetMs) / dayMs)
const ofKey = 'FROM gateway_batch WHERE key = {key:UUID}'
const millis = (column: string) => `toUnixTimestamp64Milli(${column})`
const instant = (name: 'from' | 'to' | 'before') => `fromUnixTimestamp64Milli({${name}:Int64})`
/** Within the day, so that no time that a gateway claims makes a longer list than a day has minutes. */
const minuteOf = (ms: string) => `toUInt16(greatest(0, least(1440, intDiv(${ms} - {from:Int64}, 60000))))`
const sqlDay = (column: string) => `toUInt32(intDiv(${millis(column)} + ${civilOffsetMs}, ${dayMs}))`

const inDay = `last_at >= ${instant('from')} AND first_at < ${instant('to')}`
const isFresh = `received >= ${instant('from')} AND received < ${instant('to')}`
// A batch that was loaded twice counts once; two marks for one number are two contents. The day before, and all that is later,
// is looked at beside, so that a stretch that goes on without a hole needs no second question.
const dayQuery = `
  SELECT uniqExactIf(sequence, ${inDay}) AS batches, minIf(sequence, ${inDay}) AS low, maxIf(sequence, ${inDay}) AS high,
    maxIf(sequence, last_at < ${instant('from')}) AS previous, max(sequence) AS newest,
    minIf(sequence, first_at >= ${instant('to')}) AS following,
    uniqExactArrayIf(range(${minuteOf(`greatest(${millis('first_at')}, {from:Int64})`)},
      ${minuteOf(`least(${millis('last_at')}, {to:Int64} - 1)`)} + 1), kind = 'gap' AND ${inDay}) AS gap_minutes,
    arraySum(gap -> gap.2, groupUniqArrayIf((sequence, points), kind = 'gap' AND ${inDay})) AS lost,
    uniqExactIf((sequence, mark), ${inDay}) - uniqExactIf(sequence, ${inDay}) AS doubled
  ${ofKey} AND last_at >= ${instant('before')}`
const freshQuery = `
  SELECT uniqExactIf(sequence, ${isFresh}) AS n, minIf(sequence, ${isFresh}) AS low, maxIf(sequence, ${isFresh}) AS high,
    minIf(${millis('first_at')}, ${isFresh}) AS begins, maxIf(${millis('last_at')}, ${isFresh}) AS ends,
    maxIf(sequence, NOT (${isFresh})) AS previous, max(sequence) AS newest,
    groupUniqArrayArrayIf(range(${sqlDay('first_at')},
      least(${sqlDay('last_at')}, ${sqlDay('first_at')} + ${daysBetweenMax}) + 1), ${isFresh}) AS days
  ${ofKey} AND received >= ${instant('before')}`

async function query<T>(kit: Kit, text: string, params: Record<string, unknown>): Promise<T[]> {
  const result = await kit.clickhouse.query({ query: text, query_params: params, format: 'JSONEachRow' })
  return result.json<T>()
}
