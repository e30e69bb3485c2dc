import { afterAll, expect, test } from 'vitest'
import { administratorValues } from '../node/administrator.ts'
import { IdentifierNode } from '../node/node.ts'
import { resolveByTcp, resolveByUdp } from '../resolution/client.ts'
import { TestStores, value } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { AnswerTally } from './answer-tally.ts'

const clock = { now: () => 1_735_646_400_000 }
const stores = new TestStores()
const nodes: IdentifierNode[] = []
afterAll(async () => {
  for (const node of nodes) await node.stop()
  await stores.close()
})

test('everybody sees what a node is; its administrators and its own machine also how it stands', async () => {
  const records = await storeWith(stores, [
    ['0.NA/88.1', administratorValues('88.1', { secret: 's3cret' }, 0)],
    ['88.1/a', [value(1, 'URL', 'https://example.com')]],
  ])
  const at = { host: '127.0.0.1', address: '127.0.0.1', port: 0, httpPort: 0 }
  const node = new IdentifierNode({ records, ...at, homes: ['88.1'], clock })
  nodes.push(node)
  const { port, httpPort } = await node.run()
  const peer = { host: '127.0.0.1', port }
  for (const handle of ['88.1/a', '88.1/a', '88.1/b']) await resolveByUdp(peer, { handle }, 1, clock.now())
  await resolveByTcp(peer, { handle: '88.2/x' }, 1, clock.now())
  const look = async (headers: Record<string, string>) =>
    (await (await fetch(`http://127.0.0.1:${httpPort}/health`, { headers })).json()) as Record<string, unknown>

  const open = { role: 'primary', prefixes: ['88.1'], serial: 1, takesChanges: true }
  const inner = { ...open, refuses: null, records: 2, transactions: 2, followers: [], resting: [] }
  const through = { 'x-forwarded-for': '10.0.0.9' }
  expect(await look(through)).toEqual(open)
  expect(await look({})).toMatchObject({
    ...inner,
    answersByCode: { 1: 2, 100: 1, 301: 1 },
    resolutionsByCode: { 1: 2, 100: 1, 301: 1 },
  })
  const authorization = `Basic ${Buffer.from('301%3A0.NA/88.1:s3cret').toString('base64')}`
  expect(await look({ ...through, authorization })).toMatchObject(inner)
})

test('a registration is an answer, and no resolution', () => {
  const tally = new AnswerTally()
  const answer = (operation: number, code: number) => {
    const message = Buffer.alloc(24)
    message.writeUInt32BE(operation, 0)
    message.writeUInt32BE(code, 4)
    return { message } as Parameters<AnswerTally['count']>[0]
  }
  for (const [operation, code] of [
    [1, 1],
    [100, 1],
    [1, 100],
    [100, 400],
  ] as const)
    tally.count(answer(operation, code))
  expect(tally.byCode()).toEqual({ 1: 2, 100: 1, 400: 1 })
  expect(tally.resolutionsByCode()).toEqual({ 1: 1, 100: 1 })
})
