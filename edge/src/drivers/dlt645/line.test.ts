import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Sample } from '../../driver.ts'
import { until } from '../../testing.ts'
import { decodeFrame, encodeFrame, frameReader } from './codec.ts'
import { driver } from './driver.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const voltage = Buffer.from('1423', 'hex')

/** A line with the meters of these addresses, each of which takes its time; what was asked of whom is kept. */
async function lineWith(present: string[], answerMs: number) {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const reader = frameReader()
    socket.on('data', (chunk) => {
      for (const request of reader.push(chunk).map(decodeFrame)) {
        asked.push(request.address)
        const data = Buffer.concat([request.data, voltage])
        const reply = encodeFrame({ ...request, isAnswer: true, data })
        if (present.includes(request.address)) setTimeout(() => socket.write(reply), answerMs)
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  open.push({ close: () => new Promise((done) => void server.close(() => done())) })
  const { port } = server.address() as AddressInfo
  const settingsOf = (meter: string) =>
    driver.settings({ host: '127.0.0.1', port, meter, timeoutMs: 300 }, 'devices[0]')
  const askAll = (meter: string, identifiers: number) => {
    const settings = settingsOf(meter)
    const tags = Array.from({ length: identifiers }, (_, i) => ({
      address: driver.parseAddress(`0E0000${String(i + 10)}:XXX.X`, 'float64', settings),
      type: 'float64' as const,
    }))
    const connection = driver.open(settings)
    open.push(connection)
    const reads = driver.plan(tags, settings).map((request) => connection.read(request))
    return { connection, outcomes: Promise.allSettled(reads) }
  }
  return { asked, askAll }
}
const fulfilled = (outcomes: PromiseSettledResult<Sample[]>[]) =>
  outcomes.filter((each) => each.status === 'fulfilled' && each.value[0]?.value === 231.4).length

test('meters on a slow line wait for each other without being late', async () => {
  const { askAll } = await lineWith(['000000000161', '000000000162'], 25)
  const [one, other] = await Promise.all([askAll('000000000161', 15).outcomes, askAll('000000000162', 15).outcomes])
  // Together they take longer than the time-out of one.
  expect([fulfilled(one), fulfilled(other)]).toEqual([15, 15])
})

test('a dead meter costs the others on its line one time-out, however much is asked of it', async () => {
  const { asked, askAll } = await lineWith(['000000000161'], 1)
  const [dead, living] = await Promise.all([askAll('000000000162', 15).outcomes, askAll('000000000161', 15).outcomes])
  expect([fulfilled(dead), fulfilled(living)]).toEqual([0, 15])
  expect(asked.filter((address) => address === '000000000162')).toHaveLength(1)
  await askAll('000000000162', 1).outcomes
  expect(asked.filter((address) => address === '000000000162')).toHaveLength(2)
})

test('a meter that is closed leaves the line to the others, and what it had waiting rejects', async () => {
  const { asked, askAll } = await lineWith(['000000000161', '000000000162'], 25)
  const leaving = askAll('000000000161', 5)
  const staying = askAll('000000000162', 5)
  await until('the first request to be on the line', () => asked.length === 1)
  await leaving.connection.close()
  expect((await leaving.outcomes).map((each) => each.status === 'rejected' && String(each.reason))).toEqual(
    Array.from({ length: 5 }, () => 'DeviceError: closed'),
  )
  expect(fulfilled(await staying.outcomes)).toBe(5)
  expect(asked.filter((address) => address === '000000000161')).toHaveLength(1)
})
