import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importReadings } from '@kapok/contracts/evidence'
import { enrolGateway } from '@kapok/edge/command'
import { platformMoved } from '@kapok/edge/identity'
import type { Bus } from '@kapok/kit/bus'
import { addCivilDays, type Clock, civilDayOf, dayMs, startOfCivilDay } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { fillProgramme } from '@kapok/subsidy/programme'
import { openGateway, type PlantGateway } from './gateway.ts'
import { type IdentifierDoor, linkMachines, openRegistries, registerIdentifiers } from './identifiers.ts'
import { controllerOf } from './machine/controller.ts'
import { lineReading, modelOf, type PlantModel, playedDay } from './machine/played-day.ts'
import { type ServedMachine, serveMachine } from './machine/serve.ts'
import { weekdayOf } from './machine/shift.ts'
import { tagTableOf } from './machine/tag-table.ts'
import { captureEvents } from './part-events.ts'
import { Person } from './people/person.ts'
import { type OrganisationKey, organisations, plants } from './province.ts'
import { settleProvince } from './settle-province.ts'
import { loadState, pastOf, saveState, stateFile, type WorldState } from './state.ts'
import { bankAnswers } from './story/bank.ts'
import type { Stage } from './story/desk.ts'
import { storyOf } from './story/story.ts'

const hourMs = 3_600_000
const programmeId = 'sample-2026'

export interface WorldOptions {
  bus: Bus
  clock: Clock
  log: Log
  dataFolder: string
  baseUrl: string
  mqttUrl: string
  programmeFile: string
  identifiers: IdentifierDoor
  /** One-time link of the first administrator; needed at the world's birth. */
  firstLink: string | undefined
  /** Civil day of the birth; the system's day without it. */
  today: string | undefined
  say(words: string): void
  /** Starts a plant's gateway as a process of its own. */
  startEdge(name: string, tagTableFile: string, home: string): void
}

export interface World {
  stop(): Promise<void>
}

/**
 * The sample province: replays its past through the real doors, then lets its machines run at real pace. Only the far
 * ends are played here (machines, people, the operator, the bank); inside the platform nothing knows that it is a world.
 */
export async function runWorld(options: WorldOptions): Promise<World> {
  const { bus, clock, log, say } = options
  const file = stateFile(options.dataFolder)
  const state = loadState(file) ?? birth(options.today)
  const save = () => saveState(file, state)
  save()
  let playing = true
  let message = ''
  let stumbled = false
  let stopped = false
  const setClock = (atMs: number, running: boolean) => bus.request('clock.set', { atMs, running })
  const progress = (words: string) => {
    message = words
    say(words)
  }
  const people = await peopleOf(options, state, setClock, progress)
  save()

  const stage: Stage = {
    programmeId,
    memory: state.memory,
    day: (n) => addCivilDays(state.firstDay, n),
    person(key) {
      const person = people.get(key)
      if (person === undefined) throw new Error(`nobody called ${key} lives here`)
      return person
    },
  }
  const acts = storyOf(stage)
    .map((act, order) => ({ ...act, order, on: workingDayOf(stage.day(act.day), state.birthDay) }))
    .sort((a, b) => (a.on === b.on ? a.order - b.order : a.on < b.on ? -1 : 1))
  const models = plants.map((plant) => modelOf(plant, startOfCivilDay(state.firstDay)))
  const gateways = new Map<string, PlantGateway>()
  // The dishonest plant's one good day: the first Monday, on which its machine really ran.
  const goodDay = firstMonday(state.firstDay)

  /** Sends what the machines did on a day from `fromMs` to `untilMs`, one point a minute. */
  async function sendDay(day: string, fromMs: number, untilMs: number): Promise<void> {
    const sent = models.map((model) => {
      const { key } = model.plant
      const gateway = gateways.get(key) ?? openGateway(homeOf(options, key), options.mqttUrl, log)
      gateways.set(key, gateway)
      return gateway.send(playedDay(model, day, { fromMs, untilMs }, goodDay))
    })
    await Promise.all(sent)
  }

  /** The morning of a day: jobs run (seals fall, notices end), the operator and the bank answer, people act. */
  async function morning(day: string): Promise<void> {
    const start = startOfCivilDay(day)
    await setClock(start + 8 * hourMs, false)
    await bus.request('jobs.run', {})
    await fileReadings(stage, models, addCivilDays(day, -1), state.firstDay)
    if (isWorkingDay(day)) await bankAnswers(stage)
    let at = start + 9 * hourMs
    while (acts[state.actsDone] !== undefined && (acts[state.actsDone]?.on ?? '') <= day) {
      const act = acts[state.actsDone]
      if (act === undefined) break
      at += 7 * 60_000
      await setClock(at, false)
      try {
        await act.run(stage)
      } catch (error) {
        throw new Error(`${day}: “${act.says}” failed: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      }
      state.actsDone++
      save()
    }
  }

  /** Plays whole days up to, but not including, `lastDay`, then that day until `untilMs`. */
  async function play(lastDay: string, untilMs: number, words: (day: string, n: number) => string): Promise<void> {
    let n = 0
    while (state.nextDay < lastDay && !stopped) {
      const day = state.nextDay
      await morning(day)
      const end = startOfCivilDay(addCivilDays(day, 1))
      await setClock(end - 1, false)
      await sendDay(day, 0, end)
      state.nextDay = addCivilDays(day, 1)
      save()
      if (++n % 10 === 0) progress(words(day, n))
    }
    if (stopped) return
    if (untilMs > startOfCivilDay(lastDay) + 9 * hourMs) await morning(lastDay)
    await setClock(untilMs, false)
    await sendDay(lastDay, 0, untilMs)
    for (const gateway of gateways.values()) await gateway.stop()
    gateways.clear()
  }

  /** Machines, and the parts of the last days, get their identifiers; then the plants' people see them and register more. */
  async function register(): Promise<void> {
    const registered = await registerIdentifiers(options.identifiers, civilDayOf(clock.now()))
    await captureEvents(options.identifiers, civilDayOf(clock.now()))
    if (registered > 0) progress(`已注册 ${registered} 个标识 · registered ${registered} identifiers`)
    const administrator = new Person(options.baseUrl, 'administrator')
    await administrator.signIn(state.passwords.administrator ?? '')
    await openRegistries(options.identifiers, administrator)
    for (const plant of plants) {
      const manager = new Person(options.baseUrl, plant.key)
      await manager.signIn(state.passwords[plant.key] ?? '')
      await linkMachines(plant, manager)
    }
  }

  async function replay(): Promise<void> {
    const began = performance.now()
    const now = startOfCivilDay(state.birthDay) + ((Date.now() + 8 * hourMs) % dayMs)
    progress('正在重放九十天的过去 · replaying ninety days …')
    await play(state.birthDay, now, (day, n) => `  已重放 ${n} 天，至 ${day} · replayed ${n} days`)
    if (stopped) return
    state.replayDone = true
    state.offsetMs = Math.round(now - Date.now())
    save()
    progress(`九十天重放完毕，用时 ${((performance.now() - began) / 1000).toFixed(1)} 秒 · the replay is complete`)
    say(`在登录页以任何人的身份进入 · enter as anybody on the sign-in page: ${options.baseUrl}/sign-in`)
  }

  async function advance(days: number | undefined): Promise<void> {
    if (playing) throw new Error('the province is being played already')
    playing = true
    try {
      // The past of these days is written into the gateways' own buffers, which they must have let go of.
      await stopEdges(options)
      const since = clock.now()
      const today = civilDayOf(since)
      const target = days === undefined ? workingDayFrom(addCivilDays(today, 1)) : addCivilDays(today, days)
      const now = startOfCivilDay(target) + 9 * hourMs + 30 * 60_000
      progress(`正在播放至 ${target} · playing on to ${target} …`)
      // The rest of today; what was missed of it while the platform was off stays a gap.
      const midnight = startOfCivilDay(addCivilDays(today, 1))
      await setClock(midnight - 1, false)
      await sendDay(today, since, midnight)
      state.nextDay = addCivilDays(today, 1)
      await play(target, now, (day) => `  已到 ${day} · now ${day}`)
      state.offsetMs = now - Date.now()
      save()
      await setClock(now, true)
      startEdges(options)
      await register()
      progress(`今天是 ${target} · today is ${target}`)
    } finally {
      playing = false
    }
  }

  bus.serve('world.state', async () => ({
    replaying: playing,
    daysPlayed: Math.min(daysBetween(state.firstDay, state.nextDay), daysBetween(state.firstDay, state.birthDay)),
    daysTotal: daysBetween(state.firstDay, state.birthDay),
    message,
    stumbled,
  }))
  bus.serve('world.advance', async ({ days }) => {
    if (playing) throw new Error('the province is being played already')
    // Playing takes longer than an answer may: how far it is, `world.state` tells.
    advance(days).catch((error: unknown) => failed(error))
    return {}
  })
  const failed = (error: unknown) => {
    stumbled = true
    log.error({ err: error }, 'the world stumbled')
    progress(`世界的重放中断 · the world stumbled: ${error instanceof Error ? error.message : String(error)}`)
  }

  let machines: ServedMachine[] = []
  const life = (async () => {
    if (!state.replayDone) await replay()
    if (stopped) return
    await setClock(Date.now() + state.offsetMs, true)
    await register()
    machines = await liveMachines(options, models, clock)
    playing = false
  })().catch(failed)

  return {
    async stop() {
      stopped = true
      await Promise.race([life, new Promise((go) => setTimeout(go, 5_000))])
      await Promise.all([...gateways.values()].map((gateway) => gateway.stop()))
      await Promise.all(machines.map((machine) => machine.stop()))
    },
  }
}

function birth(today: string | undefined): WorldState {
  const { firstDay, birthDay } = pastOf(today)
  const logins = ['administrator', ...organisations.map(({ key }) => key)]
  return {
    firstDay,
    birthDay,
    offsetMs: 0,
    nextDay: firstDay,
    replayDone: false,
    passwords: Object.fromEntries(logins.map((login) => [login, randomBytes(18).toString('base64url')])),
    setUp: false,
    actsDone: 0,
    memory: {},
  }
}

async function peopleOf(
  options: WorldOptions,
  state: WorldState,
  setClock: (atMs: number, running: boolean) => Promise<unknown>,
  progress: (words: string) => void,
): Promise<Map<OrganisationKey, Person>> {
  if (!state.setUp) {
    if (options.firstLink === undefined) throw new Error('a world that was not founded yet needs the first link')
    await setClock(startOfCivilDay(state.firstDay) + 6 * hourMs, false)
    progress('正在建立样例省 · founding the sample province …')
    const template = readFileSync(options.programmeFile, 'utf8')
    const settled = await settleProvince({
      baseUrl: options.baseUrl,
      firstLink: options.firstLink,
      passwords: state.passwords,
      programmeText: fillProgramme(template, { firstDay: state.firstDay }),
    })
    for (const [key, code] of Object.entries(settled.gatewayCodes))
      await enrolGateway(options.baseUrl, code, homeOf(options, key))
    state.setUp = true
    return settled.people
  }
  const people = new Map<OrganisationKey, Person>()
  for (const { key } of organisations) {
    const person = new Person(options.baseUrl, key)
    await person.signIn(state.passwords[key] ?? '')
    people.set(key, person)
  }
  return people
}

const edgeFolder = (options: WorldOptions) => join(options.dataFolder, 'edge')
/** Where a plant's gateway keeps its key and its values, whether it is replayed or lives. */
const homeOf = (options: WorldOptions, plantKey: string) => join(edgeFolder(options), plantKey)
const roleOf = (plantKey: string) => `edge-${plantKey}`
const tableOf = (options: WorldOptions, plantKey: string) => join(edgeFolder(options), `${plantKey}.yaml`)

function startEdges(options: WorldOptions): void {
  for (const { key } of plants) options.startEdge(roleOf(key), tableOf(options, key), homeOf(options, key))
}

async function stopEdges({ bus }: WorldOptions): Promise<void> {
  await Promise.all(plants.map(({ key }) => bus.request('role.stop', { name: roleOf(key) })))
}

/** The machines' PLCs at real pace, and a gateway process for each plant that reads them. */
async function liveMachines(
  options: WorldOptions,
  models: readonly PlantModel[],
  clock: Clock,
): Promise<ServedMachine[]> {
  mkdirSync(edgeFolder(options), { recursive: true, mode: 0o700 })
  // Those of a world's role that ended read where its machines are no more.
  await stopEdges(options)
  const machines: ServedMachine[] = []
  for (const { plant, valuesOf } of models) {
    const settings: Record<string, unknown>[] = []
    for (const [m, words] of plant.machines.entries()) {
      const valuesNow = () => (plant.honest || m === 0 ? valuesOf[m]?.(clock.now()) : undefined)
      const machine = await serveMachine(controllerOf(words), valuesNow)
      machines.push(machine)
      settings.push(machine.settings)
    }
    writeFileSync(tableOf(options, plant.key), tagTableOf(plant, settings), { mode: 0o600 })
    platformMoved(homeOf(options, plant.key), options.mqttUrl)
  }
  startEdges(options)
  return machines
}

async function fileReadings(stage: Stage, models: readonly PlantModel[], day: string, firstDay: string): Promise<void> {
  if (day < firstDay) return
  const readings = models.map((model) => {
    const organisation = organisations.find(({ key }) => key === model.plant.key)
    const uscc = organisation !== undefined && 'uscc' in organisation ? organisation.uscc : ''
    return { uscc, day, ...lineReading(model, day) }
  })
  await stage.person('operator').call(importReadings, { body: { readings } })
}

const isWorkingDay = (day: string) => ![0, 6].includes(weekdayOf(day))

function workingDayFrom(day: string): string {
  let each = day
  while (!isWorkingDay(each)) each = addCivilDays(each, 1)
  return each
}

/**
 * The working day on which an act of the past is done: the next one, or where that would not be past (a world born on a
 * Monday) the one before, so that whoever opens the province in the night finds its desks as full as at noon.
 */
function workingDayOf(day: string, birthDay: string): string {
  const next = workingDayFrom(day)
  if (next < birthDay) return next
  let before = day
  while (!isWorkingDay(before)) before = addCivilDays(before, -1)
  return before
}

function firstMonday(day: string): string {
  let each = day
  while (weekdayOf(each) !== 1) each = addCivilDays(each, 1)
  return each
}

const daysBetween = (from: string, to: string) => Math.round((startOfCivilDay(to) - startOfCivilDay(from)) / dayMs)
