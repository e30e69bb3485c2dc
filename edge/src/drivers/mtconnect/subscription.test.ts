import { expect, test } from 'vitest'
import { until } from '../../testing.ts'
import { parseMtconnectAddress } from './address.ts'
import type { MtconnectClient } from './client.ts'
import { parseDocument } from './codec.ts'
import { AgentSubscription } from './subscription.ts'

test('an observation that an agent sends again is delivered once', async () => {
  const document = (from: number, to: number) => {
    const each = (n: number) => `<Line dataItemId="n" sequence="${n}" timestamp="2022-04-22T04:06:21Z">${n}</Line>`
    const lines = Array.from({ length: to - from + 1 }, (_, i) => each(from + i)).join('')
    return parseDocument(
      `<MTConnectStreams><Header instanceId="1" firstSequence="1" nextSequence="${to + 1}"/><Streams><DeviceStream><ComponentStream><Events>${lines}</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`,
    )
  }
  // The second answer begins before the sequence that was asked for.
  const answers = [document(1, 3), document(2, 5), document(5, 6)]
  const client = {
    isClosed: false,
    probe: async () => ({ instanceId: '1', items: [{ id: 'n', category: 'EVENT', path: [] }] }),
    current: async () => answers.shift(),
    sample: async () => answers.shift() ?? document(6, 6),
  }
  const seen: unknown[] = []
  const subscription = new AgentSubscription(
    client as unknown as MtconnectClient,
    [{ address: parseMtconnectAddress('n'), type: 'int32' }],
    { periodMs: 1, deliver: (_, { value }) => seen.push(value), state: () => {} },
    { streaming: false, count: 10 },
  )
  await subscription.start()
  await until('the last one', () => seen.at(-1) === 6)
  client.isClosed = true
  await subscription.end()
  expect(seen).toEqual([1, 2, 3, 4, 5, 6])
})
