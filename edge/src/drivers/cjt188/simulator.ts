import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate, type SimulatorFaults } from '../../simulator.ts'
import { type Cjt188Address, parseAddress } from './address.ts'
import {
  batteryIsLow,
  decodeFrame,
  encodeField,
  encodeFrame,
  type Field,
  type Frame,
  fieldBytes,
  fieldsOf,
  frameReader,
  functions,
  identifiers,
  meterTypes,
  units,
  valveOf,
  wildcard,
} from './codec.ts'

const meter = '78330011223344'
const layout = { unitPosition: 'after', flowRateDecimals: 4 } as const
const unitCode = (word: string) => Number(Object.entries(units).find(([, unit]) => unit === word)?.[0] ?? 0)

interface State {
  values: Map<string, number | string>
  units: Map<string, number>
  status: number
}

/** A meter that answers under every meter type: as a heat meter under those of heat, as one of a flow under the others. */
export const simulate: Simulate = async (options = {}) => {
  const faults = noFaults()
  const state: State = {
    values: new Map(),
    units: new Map([
      ['heatPower', unitCode('kW')],
      ['flowRate', unitCode('m³/h')],
      ['heat', unitCode('kWh')],
      ['settlementHeat', unitCode('kWh')],
    ]),
    status: 0,
  }
  const server = await serveTcp(options, (socket) => {
    const reader = frameReader()
    return (chunk) => {
      for (const raw of reader.push(chunk)) {
        const reply = answer(raw, state, faults)
        if (reply !== undefined) socket.write(Buffer.concat([Buffer.alloc(4, 0xfe), encodeFrame(reply, '7')]))
      }
    }
  })
  return {
    settings: { host: server.host, port: server.port, meter },
    faults,
    set: (text, type, value) => put(state, parsed(text, type), value),
    get: (text, type) => held(state, parsed(text, type)),
    stop: server.stop,
  }
}

/** An address of a flow meter, or else of a heat meter. */
function parsed(text: string, type: TagType): Cjt188Address {
  try {
    return parseAddress(text, type, meterTypes.water, meter)
  } catch {
    return parseAddress(text, type, meterTypes.heat, meter)
  }
}

function put(state: State, { what, field, bit }: Cjt188Address, value: TagValue): void {
  const flag = (mask: number) => {
    state.status = value ? state.status | mask : state.status & ~mask
  }
  if (what === 'unit') state.units.set(field?.name ?? '', unitCode(String(value)))
  else if (what === 'bit') flag(1 << bit)
  else if (what === 'batteryLow') flag(4)
  else if (what === 'valve') state.status = (state.status & ~3) | [0, 1, 2, 3].find((each) => valveOf(each) === value)!
  else if (field?.kind === 'status') state.status = Number(value)
  else state.values.set(field?.name ?? '', typeof value === 'boolean' ? Number(value) : value)
}

function held({ values, units: codes, status }: State, { what, field, bit }: Cjt188Address): TagValue {
  const name = field?.name ?? ''
  if (what === 'address') return meter
  if (what === 'unit') return units[codes.get(name) ?? unitCode('m³')] ?? ''
  if (what === 'bit') return ((status >> bit) & 1) === 1
  if (what === 'batteryLow') return batteryIsLow(status)
  if (what === 'valve') return valveOf(status)
  return field?.kind === 'status' ? status : (values.get(name) ?? 0)
}

function answer(raw: Buffer, state: State, faults: SimulatorFaults): Frame | undefined {
  const request = readable(raw)
  const isOurs = request?.address === meter || request?.address === wildcard
  if (request === undefined || faults.silent || request.isAnswer || !isOurs) return undefined
  const reply = { ...request, address: faults.answersForAnother ? '78330011223345' : meter, isAnswer: true }
  const [first = 0, second = 0, sequence = 0] = request.data
  const isAsked = (identifier: number) => [(first << 8) | second, (second << 8) | first].includes(identifier)
  if (request.function === functions.readAddress && isAsked(identifiers.address) && !faults.refusesAll) return reply
  if (faults.refusesAll || request.function !== functions.read || !isAsked(identifiers.data))
    return { ...reply, isRefusal: true, data: Buffer.of(sequence, state.status & 0xff, state.status >> 8) }
  const fields = fieldsOf(request.type).map((field) => bytesOf(field, state, faults))
  return { ...reply, data: Buffer.concat([request.data.subarray(0, 3), ...fields]) }
}

function bytesOf(field: Field, state: State, { missing }: SimulatorFaults): Buffer {
  const { name, kind } = field
  if ([...missing].some((text) => text.split(/[/:.]/)[0]?.toUpperCase() === name.toUpperCase()))
    return Buffer.alloc(fieldBytes(field), 0xff)
  if (kind === 'status') return encodeField(state.status, 0, field, layout)
  if (kind === 'clock') {
    const set = state.values.get(name)
    const beijing = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19)
    return encodeField(String(set ?? beijing), 0, field, layout)
  }
  return encodeField(state.values.get(name) ?? 0, state.units.get(name) ?? unitCode('m³'), field, layout)
}

/** A meter is silent about a frame that came damaged. */
function readable(raw: Buffer): Frame | undefined {
  try {
    return decodeFrame(raw, '7')
  } catch {
    return undefined
  }
}
