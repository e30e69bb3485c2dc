import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { EdgeBuffer, type EdgePoint } from '../edge/src/buffer/buffer.ts'
import { quality } from '../edge/src/driver.ts'
import { type Reader, startReader } from '../edge/src/reading/reader.ts'
import { type SampleMachine, sampleMachines } from '../edge/src/sample-machines.ts'
import { noFaults, portOf, type Simulator, type SimulatorFaults, simulateAgain } from '../edge/src/simulator.ts'
import { simulatorOf } from '../edge/src/simulators.ts'
import { readTagTable } from '../edge/src/tag-table.ts'
import { soundWire, startFaultyWire, type WireFaults } from './faulty-wire.ts'

const tickMs = 50
const periodMs = 100
const timeoutMs = 500
/** Of one core, for a gateway with one machine in trouble and one that is well; the machines are in the same process. */
const cpuMax = 0.6

interface Fault {
  name: string
  /** What the wire does meanwhile. */
  wire?: (bed: Bed) => Partial<WireFaults>
  /** What the machine does meanwhile. */
  machine?: (bed: Bed) => Partial<SimulatorFaults>
  /** It is off meanwhile. */
  isOff?: true
}

/** Everything that a wire or a machine does to a gateway. After each fault the machine must be read rightly again. */
const faults: Fault[] = [
  { name: 'half-open socket', wire: () => ({ halfOpen: true }) },
  { name: 'slow peer', wire: () => ({ delayMs: 80 }) },
  { name: 'split frames', wire: () => ({ pieceBytes: 3 }) },
  { name: 'merged frames', wire: () => ({ mergeMs: 40 }) },
  { name: 'damaged frames', wire: ({ damage }) => ({ damage }) },
  { name: 'answers for another', machine: () => ({ answersForAnother: true }) },
  { name: 'refusals', machine: () => ({ refusesAll: true }) },
  { name: 'silence', machine: () => ({ silent: true }) },
  {
    name: 'an address that vanishes',
    machine: ({ sample }) => ({ missing: new Set(sample.removable === undefined ? [] : [sample.removable]) }),
  },
  { name: 'restart', isOff: true },
]

/**
 * Each driver against its machine behind a wire that spoils things: every good value must be one that the machine held, not
 * older than the one before; a machine that is well beside it must not notice; the processor must stay calm; and after each
 * fault the machine is read again. With the fault `believes` a value is changed on its way to the buffer and must be noticed.
 */
export default async function proveEdgeFaults(args: {
  short: boolean
  fault?: string
  /** Protocols to try; all without it. */
  only?: readonly string[]
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const seconds = args.short ? 1 : 8
  const totals = { good: 0, bad: 0, wrong: 0, damaged: 0 }
  const complaints: string[] = []
  const samples = sampleMachines.filter(({ protocol }) => args.only?.includes(protocol) ?? true)
  for (const sample of samples) {
    const bed = await Bed.start(sample, { damage: args.short ? 0.1 : 0.01, believes: args.fault === 'believes' })
    try {
      for (const fault of faults) complaints.push(...(await suffer(bed, fault, seconds)))
    } finally {
      await bed.stop()
    }
    for (const key of ['good', 'bad', 'wrong'] as const) totals[key] += bed.tally[key]
    totals.damaged += bed.wire.damaged()
    complaints.push(...bed.complaints.slice(0, 5))
  }
  for (const complaint of complaints) process.stdout.write(`  ${complaint}\n`)
  return {
    ok: complaints.length === 0 && totals.wrong === 0 && totals.good > 0 && totals.damaged > 0,
    tried: `${samples.length} drivers × ${faults.length} faults of ${seconds} s: ${faults.map(({ name }) => name).join(', ')}; ${totals.damaged} damaged frames`,
    result: `${totals.good} good values, ${totals.wrong} of them wrong; ${totals.bad} marked bad; ${complaints.length} complaints`,
  }
}

async function suffer(bed: Bed, fault: Fault, seconds: number): Promise<string[]> {
  const complaints: string[] = []
  const healthy = bed.healthy.state.reads
  const began = { cpu: process.cpuUsage(), at: performance.now() }
  await bed.begin(fault)
  await sleep(seconds * 1000)
  const elapsedMs = performance.now() - began.at
  const { user, system } = process.cpuUsage(began.cpu)
  const cores = (user + system) / 1000 / elapsedMs
  if (cores > cpuMax) complaints.push(`${bed.sample.protocol}, ${fault.name}: ${cores.toFixed(2)} cores`)
  const reads = bed.healthy.state.reads - healthy
  if (reads < (elapsedMs / periodMs) * 0.7)
    complaints.push(`${bed.sample.protocol}, ${fault.name}: the machine that is well was read ${reads} times only`)
  await bed.end(fault)
  const wanted = bed.n
  for (const until = performance.now() + 90_000; !bed.isReadSince(wanted); await sleep(50))
    if (performance.now() > until) {
      complaints.push(`${bed.sample.protocol}: not read again after ${fault.name}: ${bed.reader.state.lastError}`)
      break
    }
  return complaints
}

/** One driver's reader, its machine behind the wire, and a machine of Modbus beside it that is well. */
class Bed {
  readonly sample: SampleMachine
  readonly damage: number
  readonly tally = { good: 0, bad: 0, wrong: 0 }
  readonly complaints: string[] = []
  /** The moment that the machine holds. */
  n = 0
  machine!: Simulator
  wire!: Awaited<ReturnType<typeof startFaultyWire>>
  reader!: Reader
  healthy!: Reader
  #healthyMachine!: Simulator
  #simulate!: Awaited<ReturnType<typeof simulatorOf>>
  #timer: NodeJS.Timeout | undefined
  #running = true
  readonly #believes: boolean
  readonly #newest = new Map<string, number>()

  private constructor(sample: SampleMachine, { damage, believes }: { damage: number; believes: boolean }) {
    this.sample = sample
    this.damage = damage
    this.#believes = believes
  }

  static async start(sample: SampleMachine, options: { damage: number; believes: boolean }): Promise<Bed> {
    const bed = new Bed(sample, options)
    bed.#simulate = await simulatorOf(sample.protocol)
    bed.machine = await bed.#simulate()
    bed.#set()
    const port = portOf(bed.machine.settings)
    bed.wire = await startFaultyWire({ host: '127.0.0.1', port }, sample.guardedBytes)
    const settings = JSON.parse(JSON.stringify(bed.machine.settings).replaceAll(String(port), String(bed.wire.port)))
    bed.reader = await bed.#read(sample.protocol, settings, sample.tags)
    bed.#healthyMachine = await (await simulatorOf('modbus'))()
    bed.healthy = await bed.#read('modbus', bed.#healthyMachine.settings, [{ address: 'holding/0', type: 'uint16' }])
    bed.#timer = setInterval(() => {
      bed.n++
      if (bed.#running) bed.#set()
    }, tickMs)
    for (const until = performance.now() + 30_000; !bed.isReadSince(1); await sleep(50))
      if (performance.now() > until) throw new Error(`${sample.protocol} is not read: ${bed.reader.state.lastError}`)
    return bed
  }

  async #read(
    protocol: string,
    settings: Record<string, unknown>,
    tags: readonly { address: string; type: string }[],
  ): Promise<Reader> {
    const removable = protocol === this.sample.protocol && tags === this.sample.tags ? this.sample.removable : undefined
    const written = tags.map(({ address, type }, i) => ({ property: `p${i}`, address, type, report: 'receive' }))
    const extra = { property: 'extra', address: removable, type: tags[0]?.type, report: 'receive' }
    const device = {
      name: protocol,
      protocol,
      connection: { ...settings, timeoutMs },
      periodMs,
      tags: removable === undefined ? written : [...written, extra],
    }
    const [read] = (await readTagTable(JSON.stringify({ devices: [device] }))).devices
    if (read === undefined) throw new Error('the device is not in its table')
    const buffer = new EdgeBuffer(':memory:')
    if (tags === this.sample.tags)
      buffer.append = (points) => {
        for (const point of points) this.#judge(point)
        return Promise.resolve()
      }
    return startReader(read, buffer, systemClock, makeLog('edge', 'silent'))
  }

  #judge({ property, value, quality: level }: EdgePoint): void {
    const tag = this.sample.tags[Number(property.slice(1))]
    if (tag === undefined) return
    if (level !== quality.good) {
      this.tally.bad++
      return
    }
    this.tally.good++
    const said = this.#believes && this.tally.good % 50 === 0 ? Number(value) + 1 / 3 : value
    // Which moment the value is of, if of any.
    const moment = Array.from({ length: 2 }, (_, i) => Math.round((Number(said) - Number(tag.at(0))) * (i + 1))).find(
      (n) => n >= 0 && n <= this.n && tag.at(n) === said,
    )
    const newest = this.#newest.get(property) ?? 0
    if (moment === undefined || moment < newest) {
      this.tally.wrong++
      this.complaints.push(`${this.sample.protocol} ${tag.address}: ${said} at moment ${this.n} after ${newest}`)
    } else this.#newest.set(property, moment)
  }

  isReadSince(n: number): boolean {
    return this.sample.tags.every((_, i) => (this.#newest.get(`p${i}`) ?? -1) >= n)
  }

  #set(): void {
    for (const { address, type, at } of this.sample.tags) this.machine.set(address, type, at(this.n))
    const [first] = this.sample.tags
    // Nobody judges this one, and its field may be small: a voltage of a meter has three digits.
    if (this.sample.removable !== undefined && first !== undefined)
      this.machine.set(this.sample.removable, first.type, first.at(this.n % 500))
  }

  async begin({ wire, machine, isOff }: Fault): Promise<void> {
    Object.assign(this.wire.faults, wire?.(this))
    Object.assign(this.machine.faults, machine?.(this))
    if (isOff !== true) return
    this.#running = false
    await this.machine.stop()
  }

  async end({ isOff }: Fault): Promise<void> {
    Object.assign(this.wire.faults, soundWire())
    if (isOff === true) this.machine = await simulateAgain(this.#simulate, this.machine.settings)
    else Object.assign(this.machine.faults, noFaults())
    this.#running = true
    this.#set()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([this.reader.stop(), this.healthy.stop()])
    await this.wire.stop()
    await Promise.all([this.machine.stop(), this.#healthyMachine.stop()])
  }
}
