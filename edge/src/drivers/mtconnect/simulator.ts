import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { quality, type TagType, type TagValue } from '../../driver.ts'
import { noFaults, type Simulate, type Simulator } from '../../simulator.ts'
import { parseMtconnectAddress } from './address.ts'
import { sampleOf } from './codec.ts'

export interface MtconnectSimulatorOptions {
  port?: number
  host?: string
  /** Observations that it keeps. */
  bufferSize?: number
  /** Changes with each life of a real agent. */
  instanceId?: number
}

export interface MtconnectSimulator extends Simulator {
  /** Reports a condition; `level` Normal without a code ends all of this data item. */
  setCondition(id: string, level: 'Normal' | 'Warning' | 'Fault', code: string, text: string): void
  setUnavailable(id: string): void
  /** Ends every connection and begins a new life: the buffer is empty, sequences begin at 1. */
  restart(): void
  /** Ends every connection; nothing else changes. */
  cut(): void
  /** Requests that came, as `/path?query`. */
  requests: string[]
}

interface Item {
  category: 'SAMPLE' | 'EVENT' | 'CONDITION'
  parts: string[]
}
interface Stored {
  id: string
  sequence: number
  xml: string
  /** Of a condition: what ends it. */
  level?: string
  code?: string
}

/** An MTConnect agent with one device, `Machine`, whose data items come into being when they are set. */
export const simulate: Simulate = (options) => startMtconnectSimulator(options)

export async function startMtconnectSimulator(options: MtconnectSimulatorOptions = {}): Promise<MtconnectSimulator> {
  const agent = new Agent(options.bufferSize ?? 131_072, options.instanceId ?? 1)
  const faults = noFaults()
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    if (requests.length > 1000) requests.shift()
    if (faults.silent) return
    if (faults.refusesAll) {
      send(response, agent.error('UNSUPPORTED', 'no request is answered'))
      return
    }
    agent.missing = faults.missing
    agent.name = faults.answersForAnother ? 'Other' : 'Machine'
    answer(agent, request, response, () => faults.silent)
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port ?? 0, host, done)
  })
  const { port } = server.address() as AddressInfo
  const idOf = (address: string) => parseMtconnectAddress(address).parts.at(-1) ?? ''
  return {
    settings: { url: `http://${host}:${port}`, device: 'Machine' },
    requests,
    set(address, type, value) {
      agent.set(idOf(address), parseMtconnectAddress(address).element, type, value)
    },
    get(address, type) {
      return agent.get(idOf(address), parseMtconnectAddress(address).element, type)
    },
    setCondition: (id, level, code, text) => agent.report(id, level, code, text),
    setUnavailable: (id) => agent.setUnavailable(id),
    restart() {
      agent.restart()
      server.closeAllConnections()
    },
    cut: () => server.closeAllConnections(),
    faults,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, xml: string): void {
  response.writeHead(200, { 'content-type': 'text/xml' }).end(xml)
}

function answer(agent: Agent, request: IncomingMessage, response: ServerResponse, isSilent: () => boolean): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent')
  const path = pathname.split('/').filter((each) => each !== '' && each !== 'Machine')
  const number = (name: string, otherwise: number) => Number(searchParams.get(name) ?? otherwise)
  const [from, count] = [number('from', agent.first), number('count', 100)]
  const isInRange = from >= agent.first && from <= agent.next
  if (path[0] === 'sample' && isInRange && searchParams.has('interval')) {
    stream(
      agent,
      response,
      { from, count, intervalMs: number('interval', 0), heartbeatMs: number('heartbeat', 10_000) },
      isSilent,
    )
    return
  }
  const refuse = (code: string, message: string) => agent.error(code, message)
  if (path.length === 0 || path[0] === 'probe') send(response, agent.probe())
  else if (path[0] === 'current') send(response, agent.current())
  else if (path[0] !== 'sample') send(response, refuse('UNSUPPORTED', `no request ${path[0]}`))
  else if (!isInRange) send(response, refuse('OUT_OF_RANGE', `'from' must be from ${agent.first} to ${agent.next}`))
  else send(response, agent.sample(from, count).xml)
}

function stream(
  agent: Agent,
  response: ServerResponse,
  asked: { from: number; count: number; intervalMs: number; heartbeatMs: number },
  isSilent: () => boolean,
): void {
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace;boundary=kapok-boundary' })
  let at = asked.from
  let sentAt: number | undefined
  const tick = () => {
    if (isSilent()) return
    const { xml, next } = agent.sample(at, asked.count)
    if (next === at && sentAt !== undefined && Date.now() - sentAt < asked.heartbeatMs) return
    sentAt = Date.now()
    at = next
    const body = Buffer.from(xml)
    response.write(`--kapok-boundary\r\nContent-type: text/xml\r\nContent-length: ${body.length}\r\n\r\n`)
    response.write(body)
    response.write('\r\n')
  }
  tick()
  const timer = setInterval(tick, Math.max(10, asked.intervalMs))
  response.on('close', () => clearInterval(timer))
}

const inXml = (text: string) =>
  text.replace(/[<>&"]/g, (each) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[each] ?? each)
const isNumeric = (type: TagType) => type !== 'text' && type !== 'bool'

/** Buffer, current values and documents of an agent (MTConnect Part 1 §5 and §6). */
class Agent {
  missing: ReadonlySet<string> = new Set()
  name = 'Machine'
  #instanceId: number
  readonly #bufferSize: number
  readonly #items = new Map<string, Item>()
  #buffer: Stored[] = []
  #current = new Map<string, Stored[]>()
  next = 1

  constructor(bufferSize: number, instanceId: number) {
    this.#bufferSize = bufferSize
    this.#instanceId = instanceId
  }

  get first(): number {
    return this.#buffer[0]?.sequence ?? this.next
  }

  set(id: string, element: number | undefined, type: TagType, value: TagValue): void {
    const item = this.#item(id, isNumeric(type) ? 'SAMPLE' : 'EVENT')
    const part = typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : String(value)
    if (element === undefined) item.parts = [part]
    else {
      while (item.parts.length <= element) item.parts.push('0')
      item.parts[element] = part
    }
    this.#store(id, inXml(item.parts.join(' ')))
  }

  get(id: string, element: number | undefined, type: TagType): TagValue {
    const text = this.#items.get(id)?.parts.join(' ')
    if (text === undefined) throw new Error(`there is no data item ${id}`)
    const observation = { id, sequence: 0, at: undefined, text, level: undefined, code: '', isSet: false }
    const sample = sampleOf(observation, type, element)
    if (sample.value === undefined || sample.quality === quality.bad) throw new Error(sample.reason)
    return sample.value
  }

  setUnavailable(id: string): void {
    const { category } = this.#item(id, 'EVENT')
    if (category === 'CONDITION') this.report(id, 'Unavailable', '', '')
    else this.#store(id, 'UNAVAILABLE')
  }

  report(id: string, level: string, code: string, text: string): void {
    this.#item(id, 'CONDITION')
    this.#store(id, inXml(text), level, code)
  }

  restart(): void {
    this.#instanceId++
    this.#buffer = []
    const before = this.#current
    this.#current = new Map()
    this.next = 1
    for (const stored of [...before.values()].flat())
      this.#keep({
        ...stored,
        sequence: this.next++,
        xml: stored.xml.replace(/sequence="\d+"/, `sequence="${this.next - 1}"`),
      })
  }

  #item(id: string, category: Item['category']): Item {
    const item = this.#items.get(id) ?? { category, parts: [] }
    this.#items.set(id, item)
    return item
  }

  #store(id: string, text: string, level?: string, code?: string): void {
    const element = level ?? (this.#items.get(id)?.category === 'SAMPLE' ? 'Position' : 'Message')
    const nativeCode = code ? ` nativeCode="${inXml(code)}"` : ''
    const sequence = this.next++
    const timestamp = new Date().toISOString()
    const xml = `<${element} dataItemId="${inXml(id)}" sequence="${sequence}" timestamp="${timestamp}"${nativeCode}>${text}</${element}>`
    this.#keep({ id, sequence, xml, level, code })
  }

  #keep(stored: Stored): void {
    this.#buffer.push(stored)
    if (this.#buffer.length > this.#bufferSize) this.#buffer.shift()
    const others = (this.#current.get(stored.id) ?? []).filter(({ level, code }) => {
      const isActive = level === 'Warning' || level === 'Fault'
      return isActive && stored.level !== 'Unavailable' && stored.code !== '' && code !== stored.code
    })
    const isEnded = stored.level === 'Normal' && stored.code !== '' && others.length > 0
    this.#current.set(stored.id, isEnded ? others : [...others, stored])
  }

  sample(from: number, count: number): { xml: string; next: number } {
    const stored = this.#buffer.filter(({ sequence }) => sequence >= from).slice(0, count)
    const next = (stored.at(-1)?.sequence ?? this.next - 1) + 1
    return { xml: this.#streams(stored, next), next }
  }

  current(): string {
    return this.#streams([...this.#current.values()].flat(), this.next)
  }

  probe(): string {
    const items = [...this.#items]
      .filter(([id]) => !this.missing.has(id))
      .map(([id, { category, parts }]) => {
        const units = category === 'SAMPLE' ? ` units="MILLIMETER${parts.length > 1 ? '_3D' : ''}"` : ''
        return `<DataItem id="${inXml(id)}" name="${inXml(id)}_name" category="${category}" type="${category === 'SAMPLE' ? 'POSITION' : 'MESSAGE'}"${units}/>`
      })
    return this.#document(
      'Devices',
      '',
      `<Devices><Device id="d" name="${this.name}" uuid="m-1"><Components><Axes id="a" name="Axes"><DataItems>${items.join('')}</DataItems></Axes></Components></Device></Devices>`,
    )
  }

  error(code: string, message: string): string {
    return this.#document('Error', '', `<Errors><Error errorCode="${code}">${inXml(message)}</Error></Errors>`)
  }

  #streams(stored: readonly Stored[], next: number): string {
    const present = stored.filter(({ id }) => !this.missing.has(id))
    const of = (category: Item['category']) =>
      present.filter(({ id }) => this.#items.get(id)?.category === category).map(({ xml }) => xml)
    return this.#document(
      'Streams',
      ` firstSequence="${this.first}" lastSequence="${this.next - 1}" nextSequence="${next}"`,
      `<Streams><DeviceStream name="${this.name}" uuid="m-1"><ComponentStream component="Axes" name="Axes" componentId="a"><Samples>${of('SAMPLE').join('')}</Samples><Events>${of('EVENT').join('')}</Events><Condition>${of('CONDITION').join('')}</Condition></ComponentStream></DeviceStream></Streams>`,
    )
  }

  #document(kind: string, sequences: string, body: string): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n<MTConnect${kind} xmlns="urn:mtconnect.org:MTConnect${kind}:2.0"><Header creationTime="${new Date().toISOString()}" sender="simulator" instanceId="${this.#instanceId}" version="2.0.0.1" bufferSize="${this.#bufferSize}"${sequences}/>${body}</MTConnect${kind}>`
  }
}
