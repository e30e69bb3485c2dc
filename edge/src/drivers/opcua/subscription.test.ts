import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { DeviceError } from '../../driver.ts'
import { parseOpcUaAddress } from './address.ts'
import type { OpcUaClient } from './client.ts'
import { checkSettings } from './settings.ts'
import { MachineSubscription } from './subscription.ts'

/** A subscription of a library that says what it is told: its messages are made here, in any order. */
async function playedSubscription() {
  const played = Object.assign(new EventEmitter(), { subscriptionId: 1, lastSequenceNumber: -1 })
  const session = {
    createSubscription2: async () => played,
    createMonitoredItems: async () => ({ results: [{ statusCode: { isGood: () => true } }] }),
  }
  const client = {
    session,
    limits: { itemsPerCall: 10 },
    library: { AttributeIds: { Value: 13 }, MonitoringMode: { Reporting: 2 }, TimestampsToReturn: { Both: 2 } },
    call: <T>(service: Promise<T>) => service,
    resolve: async () => [{ nodeId: 'i=1', element: undefined }],
  } as unknown as OpcUaClient
  const seen: [unknown, string | undefined][] = []
  const subscription = new MachineSubscription(
    [{ address: parseOpcUaAddress('i=1'), type: 'int32' }],
    { periodMs: 100, deliver: (_, { value, reason }) => seen.push([value, reason]), state: () => {} },
    checkSettings({ endpoint: 'opc.tcp://played' }, 'device'),
  )
  await subscription.start(client, () => {})
  const status = { value: 0, name: 'Good', description: '' }
  const say = (sequenceNumber: number, ...values: number[]) => {
    // As the library does, before it tells us.
    played.lastSequenceNumber = sequenceNumber
    const items = values.map((value) => ({
      clientHandle: 1,
      value: { value: { dataType: 6, arrayType: 0, value }, statusCode: status, sourceTimestamp: new Date(value) },
    }))
    played.emit('raw_notification', {
      sequenceNumber,
      notificationData: values.length === 0 ? [] : [{ monitoredItems: items }],
    })
  }
  return { subscription, played, seen, say }
}

test('a keep-alive is not taken for the message whose number it carries', async () => {
  const { played, say } = await playedSubscription()
  expect(played.lastSequenceNumber).toBe(0)
  say(1, 10)
  say(2)
  expect(played.lastSequenceNumber).toBe(1)
  say(2, 20)
  expect(played.lastSequenceNumber).toBe(2)
})

test('fresh messages between repeated ones are put behind them, and each is delivered once', async () => {
  const { subscription, played, seen, say } = await playedSubscription()
  say(1, 10)
  subscription.tell(new DeviceError('the connection broke'))
  say(4, 40)
  expect(played.lastSequenceNumber).toBe(1)
  say(2, 20)
  say(5, 50)
  say(3, 30)
  say(3, 30)
  subscription.tell(undefined)
  say(5, 50)
  say(6, 50, 60)
  expect(seen.map(([value]) => value)).toEqual([10, 20, 30, 40, 50, 60])
  expect(seen.every(([, reason]) => reason === undefined)).toBe(true)
})

test('what the server can no longer repeat is told with the next value', async () => {
  const { subscription, seen, say } = await playedSubscription()
  say(1, 10)
  subscription.tell(new DeviceError('the connection broke'))
  say(4, 40)
  subscription.tell(undefined)
  say(5, 50)
  expect(seen).toEqual([
    [10, undefined],
    [40, 'the server could not repeat what it sent while the connection was broken'],
    [50, undefined],
  ])
})
