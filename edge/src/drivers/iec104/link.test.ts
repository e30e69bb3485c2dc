import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { DeviceConnection, DeviceError, Request, Sample, TagType } from '../../driver.ts'
import { until } from '../../testing.ts'
import type { Iec104Address } from './address.ts'
import { type Apdu, decodeApdu, encodeApdu, encodeAsdu, frameReader } from './codec.ts'
import { driver, type Iec104Settings } from './driver.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

function connect(settings: Iec104Settings): DeviceConnection<Iec104Address, Request<Iec104Address>> {
  const connection = driver.open(settings)
  open.push(connection)
  return connection
}
type Wanted = readonly [address: string, type: TagType]
const tagsOf = (settings: Iec104Settings, wanted: readonly Wanted[]) =>
  wanted.map(([address, type]) => ({ address: driver.parseAddress(address, type, settings), type }))
const reader = (settings: Iec104Settings) => {
  const connection = connect(settings)
  return { read: (...wanted: Wanted[]) => connection.read({ tags: tagsOf(settings, wanted) }) }
}
const values = (samples: Sample[]) => samples.map(({ value }) => value)

/** A station that a test plays frame by frame. */
async function played(on: (apdu: Apdu, say: (apdu: Apdu) => void, socket: Socket) => void) {
  const heard: Apdu[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const frames = frameReader()
    socket.on('data', (chunk) => {
      for (const frame of frames.push(chunk)) {
        const apdu = decodeApdu(frame)
        heard.push(apdu)
        on(apdu, (each) => socket.write(encodeApdu(each)), socket)
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  open.push({ close: () => new Promise((done) => void server.close(() => done())) })
  return { heard, settings: (more = {}) => driver.settings({ ...given(server), ...more }, 'devices[0]') }
}
const given = (server: Server) => ({
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  timeoutMs: 400,
})
const started = (apdu: Apdu, say: (apdu: Apdu) => void) => {
  const isStart = apdu.kind === 'U' && apdu.function === 'startAct'
  if (isStart) say({ kind: 'U', function: 'startCon' })
  return isStart
}
const sizes = { causeBytes: 2, commonAddressBytes: 2, objectAddressBytes: 3 }
const interrogationAsdu = (cause: number) =>
  encodeAsdu(
    {
      type: 100,
      cause,
      isNegative: false,
      isTest: false,
      commonAddress: 1,
      objects: [{ address: 0, element: Buffer.of(20) }],
    },
    sizes,
  )
const value = (address: number) =>
  encodeAsdu(
    {
      type: 1,
      cause: 3,
      isNegative: false,
      isTest: false,
      commonAddress: 1,
      objects: [{ address, element: Buffer.of(1) }],
    },
    sizes,
  )

test.each<[said: string, answer: (say: (apdu: Apdu) => void, socket: Socket) => void]>([
  ['an I frame came with the number 5 instead of 0', (say) => say({ kind: 'I', sent: 5, received: 1, asdu: value(1) })],
  [
    'I frames up to 3 are acknowledged, of which only those up to 1 were sent',
    (say) => say({ kind: 'S', received: 3 }),
  ],
  ['this is no IEC 60870-5-104', (_, socket) => socket.write('HTTP/1.1 400 Bad Request')],
  ['with 1 objects has 9 bytes', (say) => say({ kind: 'I', sent: 0, received: 1, asdu: value(1).subarray(0, -1) })],
  ['the other station ended the connection', (_, socket) => socket.destroy()],
])('a link that breaks the rules is ended and the reason said: %s', async (said, answer) => {
  const { settings } = await played((apdu, say, socket) => {
    if (!started(apdu, say) && apdu.kind === 'I') answer(say, socket)
  })
  await expect(reader(settings()).read(['M_SP:1', 'bool'])).rejects.toThrow(said)
})

test('data before STARTDT is confirmed end the link, and the confirmation of another order confirms nothing', async () => {
  const hasty = await played((apdu, say) => {
    if (apdu.kind === 'U') say({ kind: 'I', sent: 0, received: 0, asdu: value(1) })
  })
  await expect(reader(hasty.settings()).read(['M_SP:1', 'bool'])).rejects.toThrow('before data transfer was started')
  const other = await played((apdu, say) => {
    if (started(apdu, say) || apdu.kind !== 'I') return
    const asdu = Buffer.from(apdu.asdu)
    asdu[2] = 7
    asdu[asdu.length - 1]! ^= 1
    say({ kind: 'I', sent: 0, received: 1, asdu })
  })
  const settings = other.settings()
  const order = tagsOf(settings, [['C_SC:1', 'bool']])[0]!
  await expect(connect(settings).write!(order, true)).rejects.toThrow('no answer to execution of C_SC 1')
})

test('I frames are acknowledged after w of them at the latest, and after t2 when fewer came', async () => {
  const { heard, settings } = await played((apdu, say) => {
    if (started(apdu, say) || apdu.kind !== 'I') return
    for (let sent = 0; sent < 9; sent++) say({ kind: 'I', sent, received: 1, asdu: value(sent) })
    say({ kind: 'I', sent: 9, received: 1, asdu: interrogationAsdu(10) })
  })
  expect(values(await reader(settings({ w: 4, t2Ms: 50 })).read(['M_SP:8', 'bool']))).toEqual([true])
  await until('the last acknowledgement', () => heard.some((apdu) => apdu.kind === 'S' && apdu.received === 10))
  expect(heard.filter(({ kind }) => kind === 'S')).toEqual([4, 8, 10].map((received) => ({ kind: 'S', received })))
})

test('an idle link is tested after t3, and ends when t1 brings no confirmation', async () => {
  const { heard, settings } = await played((apdu, say) => {
    if (started(apdu, say)) return
    if (apdu.kind === 'I') say({ kind: 'I', sent: 0, received: 1, asdu: interrogationAsdu(10) })
  })
  const with104 = settings({ t3Ms: 100, t1Ms: 200, t2Ms: 50 })
  const connection = connect(with104)
  const lost: (DeviceError | undefined)[] = []
  await connection.subscribe!(tagsOf(with104, [['M_SP:1', 'bool']]), {
    periodMs: 1_000,
    deliver: () => {},
    state: (error) => lost.push(error),
  })
  await until('the end of the link', () => lost.length > 0)
  expect(lost[0]?.message).toContain('no confirmation of TESTFR within t1 = 200 ms')
  expect(heard).toContainEqual({ kind: 'U', function: 'testAct' })
})

test('a test of the other station is confirmed, and no more than k I frames go out without acknowledgement', async () => {
  const { heard, settings } = await played((apdu, say) => {
    if (!started(apdu, say)) return
    say({ kind: 'U', function: 'testAct' })
  })
  const limited = settings({ k: 2 })
  const connection = connect(limited)
  const order = tagsOf(limited, [['C_SC:1', 'bool']])[0]!
  await expect(connection.write!(order, true)).rejects.toThrow('no answer to execution of C_SC 1')
  await expect(connection.write!(order, true)).rejects.toThrow('no answer')
  await expect(connection.write!(order, true)).rejects.toThrow('no answer')
  expect(heard).toContainEqual({ kind: 'U', function: 'testCon' })
  expect(heard.filter(({ kind }) => kind === 'I').length).toBe(2)
})

test('an I frame that is not acknowledged within t1 ends the link', async () => {
  const { settings } = await played((apdu, say) => started(apdu, say))
  await expect(reader(settings({ t1Ms: 100 })).read(['M_SP:1', 'bool'])).rejects.toThrow(
    'no acknowledgement within t1 = 100 ms',
  )
})
